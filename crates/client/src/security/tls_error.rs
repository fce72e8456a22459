//! TLS failures in words that say what to do.

use std::io;

use rustls::{AlertDescription, CertificateError, Error};

use crate::error::ClientError;

/// A handshake that failed.
pub(crate) fn explain(address: &str, error: &io::Error) -> ClientError {
    let address = address.to_owned();
    match tls_error(error) {
        Some(error) => ClientError::Tls { address, reason: words(error) },
        // Somebody who starts again ends connections too, so this is worth another try.
        None if error.kind() == io::ErrorKind::UnexpectedEof || error.kind() == io::ErrorKind::ConnectionReset => {
            let reason = "it ended the TLS handshake; does it speak TLS? security.protocol=PLAINTEXT or SASL_PLAINTEXT is for those that do not";
            ClientError::Connect { address, reason: reason.to_owned() }
        }
        None => ClientError::Connect { address, reason: crate::connection::plain(error) },
    }
}

/// What rustls said, if it was rustls.
pub(crate) fn tls_error(error: &io::Error) -> Option<&Error> {
    error.get_ref().and_then(|inner| inner.downcast_ref::<Error>())
}

/// What happened and what to do.
pub(crate) fn words(error: &Error) -> String {
    match error {
        Error::InvalidCertificate(problem) => certificate(problem),
        Error::AlertReceived(alert) => refusal(*alert),
        Error::InvalidMessage(_) | Error::InappropriateMessage { .. } => {
            "it does not answer in TLS; security.protocol=PLAINTEXT or SASL_PLAINTEXT is for those that do not speak it"
                .to_owned()
        }
        Error::PeerIncompatible(_) => "no version or cipher of TLS in common; see ssl.enabled.protocols".to_owned(),
        other => other.to_string(),
    }
}

fn certificate(problem: &CertificateError) -> String {
    use CertificateError::*;
    match problem {
        UnknownIssuer | BadSignature => {
            "its certificate is signed by nobody that is trusted; put its CA's certificate into ssl.truststore.location"
                .to_owned()
        }
        Expired | ExpiredContext { .. } => "its certificate has expired; it has to be renewed there".to_owned(),
        NotValidYet | NotValidYetContext { .. } => "its certificate is not valid yet; are the clocks right?".to_owned(),
        NotValidForName => "its certificate is for another host name".to_owned(),
        NotValidForNameContext { expected, presented } => {
            let names = presented.join(", ");
            let names = if names.is_empty() { "without a subjectAltName".to_owned() } else { format!("for {names}") };
            format!("its certificate is {names} and not for {}; connect by a name that it has", expected.to_str())
        }
        Revoked => "its certificate has been revoked".to_owned(),
        Other(error) if error.to_string().contains("CaUsedAsEndEntity") => {
            "its certificate is one of a CA and not itself trusted; put it into ssl.truststore.location".to_owned()
        }
        other => format!("its certificate is not accepted: {other}"),
    }
}

fn refusal(alert: AlertDescription) -> String {
    use AlertDescription::*;
    match alert {
        CertificateRequired | BadCertificate | UnknownCA | CertificateUnknown | CertificateExpired
        | CertificateRevoked | UnsupportedCertificate => {
            format!("it wants a client certificate that it trusts; see ssl.keystore.location ({alert:?})")
        }
        ProtocolVersion => "it speaks another version of TLS; see ssl.enabled.protocols".to_owned(),
        HandshakeFailure => {
            "it broke off the handshake (HandshakeFailure); it may want a client certificate (ssl.keystore.location), or speak other versions (ssl.enabled.protocols)".to_owned()
        }
        other => format!("it broke off TLS ({other:?})"),
    }
}
