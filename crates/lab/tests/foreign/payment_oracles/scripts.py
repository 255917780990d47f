"""The issuer's script commands as pyemv makes them: one record a line on standard input, one command a line.

    script version option number sequence counter cryptogram mac-master enc-master header data kind

version 10 or 18, option A or B; data - where there is none; kind clear, or pin where data are the PIN's digits
"""

import sys
from warnings import simplefilter

simplefilter("ignore")  # of triple DES being old

from pyemv import kd, sm

DERIVATIONS = {"A": kd.derive_icc_mk_a, "B": kd.derive_icc_mk_b}


def session_key(version, master, counter, cryptogram):
    if version == "10":
        return kd.derive_visa_sm_sk(master, counter)
    return kd.derive_common_sk(master, cryptogram)


def command(version, option, number, sequence, counter, cryptogram, mac_master, enc_master, header, data, kind):
    counter, cryptogram, header = (bytes.fromhex(field) for field in (counter, cryptogram, header))
    keys = [DERIVATIONS[option](bytes.fromhex(key), number, sequence) for key in (mac_master, enc_master)]
    integrity, confidentiality = (session_key(version, key, counter, cryptogram) for key in keys)
    if kind == "pin":
        way = sm.EncryptionType.VISA if version == "10" else sm.EncryptionType.EMV
        data = sm.encrypt_command_data(confidentiality, sm.format_iso9564_2_pin_block(data), way)
    else:
        data = bytes.fromhex(data.replace("-", ""))
    begun = header + bytes([len(data) + 8])
    return begun + data + sm.generate_command_mac(integrity, begun + counter + cryptogram + data)


for line in sys.stdin:
    name, *fields = line.split()
    if name != "script":
        sys.exit(f"not a record: {name}")
    print(command(*fields).hex().upper())
