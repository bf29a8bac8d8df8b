"""The installation's seal: a certificate authority and a sealing key of its own, made once, and the PAdES signature.

Level B-B: a signature with the certificate inside, without time stamp. It shows that the file left this
installation unchanged; it is no qualified signature and names no natural person as signer.
"""

import io
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from asn1crypto import keys, x509
from asn1crypto.pem import unarmor
from cryptography import x509 as cx509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from toubib.seams import clock

FIELD = "Sceau"
AUTHORITY_YEARS = 30
SEAL_YEARS = 10


@dataclass(frozen=True, slots=True)
class Seal:
    """A sealing key with its certificate and the authority that vouches for it, all PEM. The key is secret."""

    key: bytes
    certificate: bytes
    authority: bytes


def make(operator: str) -> Seal:
    """A fresh authority and a sealing key under it. The authority's own key is not kept: it vouches once."""
    root_key, seal_key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root_name, seal_name = _name(f"{operator}: authority of the seal", operator), _name(f"{operator}: electronic seal", operator)
    root = _builder(root_name, root_name, root_key.public_key(), AUTHORITY_YEARS)
    root = root.add_extension(cx509.BasicConstraints(ca=True, path_length=0), critical=True).add_extension(_usage(authority=True), critical=True)
    root_certificate = root.sign(root_key, hashes.SHA256())
    leaf = _builder(seal_name, root_name, seal_key.public_key(), SEAL_YEARS)
    leaf = leaf.add_extension(cx509.BasicConstraints(ca=False, path_length=None), critical=True).add_extension(_usage(authority=False), critical=True)
    leaf = leaf.add_extension(cx509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key()), critical=False)
    certificate = leaf.sign(root_key, hashes.SHA256())
    pem = serialization.Encoding.PEM
    key = seal_key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return Seal(key, certificate.public_bytes(pem), root_certificate.public_bytes(pem))


def _name(common: str, operator: str) -> cx509.Name:
    return cx509.Name([cx509.NameAttribute(NameOID.ORGANIZATION_NAME, operator[:64]), cx509.NameAttribute(NameOID.COMMON_NAME, common[:64])])


def _builder(subject: cx509.Name, issuer: cx509.Name, public: ec.EllipticCurvePublicKey, years: int) -> cx509.CertificateBuilder:
    start = clock.now() - timedelta(days=1)  # a reader whose clock is a little behind still accepts it
    builder = cx509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(public)
    builder = builder.serial_number(cx509.random_serial_number()).not_valid_before(start).not_valid_after(start + timedelta(days=365 * years))
    return builder.add_extension(cx509.SubjectKeyIdentifier.from_public_key(public), critical=False)


def _usage(*, authority: bool) -> cx509.KeyUsage:
    return cx509.KeyUsage(
        digital_signature=not authority,
        content_commitment=not authority,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )


def sign(pdf: bytes, seal: Seal, reason: str) -> bytes:
    """The document with a PAdES B-B signature that forbids any later change (certification, no changes allowed)."""
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign import signers
    from pyhanko.sign.fields import MDPPerm, SigSeedSubFilter

    meta = signers.PdfSignatureMetadata(
        field_name=FIELD, md_algorithm="sha256", reason=reason, subfilter=SigSeedSubFilter.PADES, certify=True, docmdp_permissions=MDPPerm.NO_CHANGES
    )
    signed = signers.PdfSigner(meta, _signer(seal)).sign_pdf(IncrementalPdfFileWriter(io.BytesIO(pdf)))
    return bytes(signed.getvalue())


def _signer(seal: Seal) -> Any:
    from pyhanko.sign.signers import SimpleSigner
    from pyhanko_certvalidator.registry import SimpleCertificateStore

    # Only the sealing certificate travels in the file: whoever checks must have the authority's from elsewhere.
    key = keys.PrivateKeyInfo.load(unarmor(seal.key)[2])
    return SimpleSigner(signing_cert=certificate(seal.certificate), signing_key=key, cert_registry=SimpleCertificateStore())  # type: ignore[no-untyped-call]


def certificate(pem: bytes) -> x509.Certificate:
    """A PEM certificate in the form that pyHanko reads."""
    return x509.Certificate.load(unarmor(pem)[2])
