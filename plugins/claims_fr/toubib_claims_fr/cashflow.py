"""Who pays whom on the day, and later, by payment mode. Third-party payment never changes what the patient bears."""

from dataclasses import dataclass

from toubib_claims_fr.engine import Priced
from toubib_claims_fr.profile import Entitlement, PaymentMode


@dataclass(frozen=True, slots=True)
class Cashflow:
    """Amounts in cents. `receivable` is the flat contribution that the fund will collect from the patient later."""

    mode: PaymentMode
    counter: int
    national_to_doctor: int
    complementary_to_doctor: int
    national_to_patient: int
    complementary_to_patient: int
    receivable: int

    @property
    def patient_final(self) -> int:
        """What the patient bears in the end."""
        refunds = self.national_to_patient + self.complementary_to_patient
        return self.counter + self.receivable - refunds


def cashflow(priced: Priced, asked: PaymentMode) -> Cashflow:
    """The flows of a priced bill. The local scheme is paid by the same fund; the C2S counts as complementary."""
    mode = effective_mode(priced, asked)
    fund = priced.gross + priced.local
    contract = priced.complementary + priced.c2s
    fee, flat = priced.profile.fee, priced.flat.amount
    if mode is PaymentMode.DIRECT:
        return Cashflow(mode, fee, 0, 0, fund - flat, contract, 0)
    if mode is PaymentMode.THIRD_PARTY_NATIONAL:
        return Cashflow(mode, fee - fund, fund, 0, 0, contract, flat)
    return Cashflow(mode, fee - fund - contract, fund, contract, 0, 0, flat)


def effective_mode(priced: Priced, asked: PaymentMode) -> PaymentMode:
    """The mode the rules allow: none of the fund's part out of pathway, all of it under C2S or between professionals."""
    if priced.teleexpertise_only:
        return PaymentMode.THIRD_PARTY_ALL
    if priced.out or asked is PaymentMode.DIRECT:
        return PaymentMode.DIRECT
    if priced.profile.has(Entitlement.C2S):
        return PaymentMode.THIRD_PARTY_ALL
    return asked
