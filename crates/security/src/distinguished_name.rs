//! The name in a certificate as Java prints it (`X500Principal.getName`, RFC 2253), which is how Kafka's ACLs and
//! mapping rules write it.
//!
//! - The last part of the name comes first; parts of one set stay in their order, joined by `+`.
//! - Nine types have a keyword; any other is written as its number, and its value as the hex of its encoding.
//! - `,=+<>#;"\` are escaped wherever they are, spaces at both ends too.

use core::net::IpAddr;
use std::collections::BTreeSet;

use x509_parser::asn1_rs::{Any, Tag, ToDer};
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer, X509Certificate};
use x509_parser::x509::{AttributeTypeAndValue, X509Name};

const KEYWORDS: &[(&str, &str)] = &[
    ("2.5.4.3", "CN"),
    ("2.5.4.6", "C"),
    ("2.5.4.7", "L"),
    ("2.5.4.8", "ST"),
    ("2.5.4.10", "O"),
    ("2.5.4.11", "OU"),
    ("2.5.4.9", "STREET"),
    ("0.9.2342.19200300.100.1.25", "DC"),
    ("0.9.2342.19200300.100.1.1", "UID"),
];
const ESCAPED: &str = ",=+<>#;\"\\";

/// What is to be known of a certificate. Times are seconds since 1970.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CertificateFacts {
    /// Its name in RFC 2253's form.
    pub subject: String,
    /// The first second of its validity.
    pub not_before_seconds: i64,
    /// The last second of its validity.
    pub not_after_seconds: i64,
    /// Its alternative names, each with its kind.
    pub alternative_names: BTreeSet<String>,
    /// Its public key in DER form (SubjectPublicKeyInfo).
    pub public_key: Vec<u8>,
}

/// Reads what is to be known of a certificate in DER form; none if it is no certificate.
pub fn certificate_facts(der: &[u8]) -> Option<CertificateFacts> {
    let (_, certificate) = X509Certificate::from_der(der).ok()?;
    Some(CertificateFacts {
        subject: rfc2253(certificate.subject())?,
        not_before_seconds: certificate.validity().not_before.timestamp(),
        not_after_seconds: certificate.validity().not_after.timestamp(),
        alternative_names: alternative_names(&certificate),
        public_key: certificate.public_key().raw.to_vec(),
    })
}

/// What a certificate is also called: `DNSName(broker.example)`, `IPAddress(10.0.0.1)` and the like.
fn alternative_names(certificate: &X509Certificate<'_>) -> BTreeSet<String> {
    let Ok(Some(extension)) = certificate.subject_alternative_name() else { return BTreeSet::new() };
    let text = |name: &GeneralName<'_>| match name {
        GeneralName::IPAddress(bytes) => match (<[u8; 4]>::try_from(*bytes), <[u8; 16]>::try_from(*bytes)) {
            (Ok(v4), _) => format!("IPAddress({})", IpAddr::from(v4)),
            (_, Ok(v6)) => format!("IPAddress({})", IpAddr::from(v6)),
            _ => name.to_string(),
        },
        name => name.to_string(),
    };
    extension.value.general_names.iter().map(text).collect()
}

/// The name of RFC 2253; none if a value's encoding cannot be written down again.
fn rfc2253(name: &X509Name<'_>) -> Option<String> {
    let sets: Vec<_> = name.iter().collect();
    let mut parts = Vec::with_capacity(sets.len());
    for set in sets.into_iter().rev() {
        let attributes: Option<Vec<String>> = set.iter().map(attribute).collect();
        parts.push(attributes?.join("+"));
    }
    Some(parts.join(","))
}

fn attribute(attribute: &AttributeTypeAndValue<'_>) -> Option<String> {
    let number = attribute.attr_type().to_id_string();
    let keyword = KEYWORDS.iter().find(|(known, _)| *known == number).map(|(_, keyword)| *keyword);
    let value = attribute.attr_value();
    match (keyword, text(value)) {
        (Some(keyword), Some(text)) => Some(format!("{keyword}={}", escape(&text))),
        (keyword, _) => {
            let der = value.to_der_vec().ok()?;
            let hex: String = der.iter().map(|byte| format!("{byte:02x}")).collect();
            Some(format!("{}=#{hex}", keyword.unwrap_or(&number)))
        }
    }
}

/// The text of a value that is of one of the types Java takes for text. Whatever its type, Java 17 reads it as UTF-8.
fn text(value: &Any<'_>) -> Option<String> {
    let is_text = matches!(
        value.tag(),
        Tag::Utf8String
            | Tag::PrintableString
            | Tag::Ia5String
            | Tag::T61String
            | Tag::GeneralString
            | Tag::BmpString
            | Tag::UniversalString
    );
    is_text.then(|| String::from_utf8_lossy(value.data).into_owned())
}

fn escape(text: &str) -> String {
    let is_blank = |character: &char| matches!(character, ' ' | '\r');
    let characters: Vec<char> = text.chars().collect();
    let lead = characters.iter().take_while(|character| is_blank(character)).count();
    let trail = characters.len() - characters.iter().rev().take_while(|character| is_blank(character)).count();
    let mut escaped = String::with_capacity(text.len());
    for (index, character) in characters.into_iter().enumerate() {
        if character == '\0' {
            escaped.push_str("\\00");
            continue;
        }
        if ESCAPED.contains(character) || index < lead || index >= trail {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    /// Certificates, and what Java 17's `X500Principal.getName` prints for them.
    const NAMES: &str = include_str!("../testdata/certificate-names.tsv");

    #[test]
    fn names_are_printed_as_java_prints_them() {
        let mut compared = 0;
        for line in NAMES.lines() {
            let (certificate, name) = line.split_once('\t').unwrap();
            let name = name.replace("\\n", "\n").replace("\\r", "\r");
            let facts = certificate_facts(&STANDARD.decode(certificate).unwrap()).unwrap();
            assert_eq!(facts.subject, name);
            compared += 1;
        }
        assert_eq!(compared, 8);
    }

    #[test]
    fn what_is_no_certificate_has_no_name() {
        let line = NAMES.lines().next().unwrap();
        let certificate = STANDARD.decode(line.split_once('\t').unwrap().0).unwrap();
        for length in 0..certificate.len() {
            assert_eq!(certificate_facts(&certificate[..length]), None);
        }
    }
}
