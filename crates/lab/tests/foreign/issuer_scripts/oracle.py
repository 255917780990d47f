"""What pyemv makes of issuer scripts: one transaction a line on standard input, one answer a line.

    version master-of-cryptograms master-of-macs master-of-encipherment number sequence counter values profile
    issuer-data command..

A command is class, instruction, P1 and P2, then - and its data, or * and a PIN block that is to be enciphered. The answer
is ARQC, ARPC for the response code 00, and the commands as they are sent.
"""

import sys
from warnings import simplefilter

simplefilter("ignore")  # of triple DES being old

from pyemv import ac, kd, sm

APPROVED = b"00"


def transaction(version, keys, counter, values, profile, issuer_data):
    """ARQC, ARPC, and the session keys of MACs and encipherment."""
    data = values + profile + counter
    if version == 10:
        key = keys[0]
        arqc = ac.generate_ac(key, data + issuer_data[3:], ac.PaddingType.VISA)
        session = [kd.derive_visa_sm_sk(one, counter) for one in keys[1:]]
    else:
        key = kd.derive_common_sk(keys[0], counter + bytes(6))
        arqc = ac.generate_ac(key, data + issuer_data, ac.PaddingType.EMV)
        session = [kd.derive_common_sk(one, arqc) for one in keys[1:]]
    return arqc, ac.generate_arpc_1(key, arqc, APPROVED), session


def sent(command, version, session, counter, arqc):
    head, data = bytes.fromhex(command[:8]), bytes.fromhex(command[9:])
    if command[8] == "*":
        way = sm.EncryptionType.VISA if version == 10 else sm.EncryptionType.EMV
        data = sm.encrypt_command_data(session[1], data, way)
    header = head + bytes([len(data) + 8])
    return header + data + sm.generate_command_mac(session[0], header + counter + arqc + data)


def main():
    for line in sys.stdin:
        version, *masters, number, sequence, counter, values, profile, issuer_data = line.split()[:10]
        commands = line.split()[10:]
        keys = [kd.derive_icc_mk_b(bytes.fromhex(master), number, sequence) for master in masters]
        counter, values, profile, issuer_data = map(bytes.fromhex, (counter, values, profile, issuer_data))
        arqc, arpc, session = transaction(int(version), keys, counter, values, profile, issuer_data)
        made = [sent(command, int(version), session, counter, arqc) for command in commands]
        print(*[value.hex().upper() for value in [arqc, arpc, *made]])


main()
