"""What pyemv and psec make of payment cards: one record a line on standard input, one answer a line.

    keys  issuer-master-key card-verification-key pin-verification-key zone-key     (no answer)
    card  number sequence expiry service-code pin pin-key-index counter 9F02 9F03 9F1A 95 5F2A 9A 9C 9F37 82
          issuer-data-of-10 issuer-data-of-18 response-code status-update own-data   (own-data - where there is none)
    value number expiry service-code                                                 (a card verification value alone)
"""

import sys
from warnings import simplefilter

simplefilter("ignore")  # of triple DES being old

from psec import cvv, des, pin, pinblock
from pyemv import ac, kd
from pyemv.cvn import VisaCVN10, VisaCVN18


def hexadecimal(data):
    return data.hex().upper()


def binary(fields):
    return [bytes.fromhex(field) for field in fields]


def derived(master, number, sequence, counter):
    """Card keys by options A and B, and the session key of each."""
    keys = [kd.derive_icc_mk_a(master, number, sequence), kd.derive_icc_mk_b(master, number, sequence)]
    diversifier = counter + bytes(6)
    return [hexadecimal(key) for key in keys + [kd.derive_common_sk(key, diversifier) for key in keys]]


def cryptograms(master, number, sequence, counter, data, issuer_data, answer):
    """ARQC and ARPC of CVN 10, then of CVN 18, there by methods 1 and 2."""
    response_code, status_update, own = answer
    profile = data[-1]
    masters = [master] * 3 + [number, sequence]
    ten, eighteen = VisaCVN10(*masters), VisaCVN18(*masters)
    results_of_10 = issuer_data[0][3:]
    first = ten.generate_ac(*data[:-1], profile, counter, results_of_10)
    second = eighteen.generate_ac(*data[:-1], profile, counter, issuer_data[1])
    session = kd.derive_common_sk(kd.derive_icc_mk_b(master, number, sequence), counter + bytes(6))
    made = [
        first,
        ten.generate_arpc(first, response_code),
        second,
        ac.generate_arpc_1(session, second, response_code),
        eighteen.generate_arpc(second, counter, status_update, own),
    ]
    return [hexadecimal(value) for value in made]


def values(keys, number, expiry, service_code, digits, key_index):
    """CVV, iCVV and CVV2, then the PVV."""
    _, card_verification, pin_verification, _ = keys
    codes = [service_code, "999", "000"]
    made = [cvv.generate_cvv(card_verification, number, expiry, code) for code in codes]
    return made + [pin.generate_visa_pvv(pin_verification, key_index, digits[:4], number)]


def blocks(zone, number, digits):
    """PIN blocks of formats 0, 2 and 3 under the zone key; psec has no 0 and 3 for numbers of 12 digits, and no 1."""
    made = [pinblock.encode_pinblock_iso_2(digits)]
    if len(number) > 12:
        made = [pinblock.encode_pinblock_iso_0(digits, number)] + made + [pinblock.encode_pinblock_iso_3(digits, number)]
    enciphered = [hexadecimal(des.encrypt_tdes_ecb(zone, block)) for block in made]
    return enciphered if len(number) > 12 else ["-", *enciphered, "-"]


def card(keys, fields):
    number, sequence, expiry, service_code, digits, key_index, counter = fields[:7]
    counter = bytes.fromhex(counter)
    data, issuer_data = binary(fields[7:16]), binary(fields[16:18])
    answer = binary(field.replace("-", "") for field in fields[18:21])
    return [
        *derived(keys[0], number, sequence, counter),
        *cryptograms(keys[0], number, sequence, counter, data, issuer_data, answer),
        *values(keys, number, expiry, service_code, digits, key_index),
        *blocks(keys[3], number, digits),
    ]


def main():
    keys = []
    for line in sys.stdin:
        kind, *fields = line.split()
        if kind == "keys":
            keys = binary(fields)
        elif kind == "card":
            print(*card(keys, fields))
        elif kind == "value":
            print(cvv.generate_cvv(keys[1], *fields))
        else:
            sys.exit(f"not a record: {kind}")


main()
