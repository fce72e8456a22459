//! An identity provider's public keys, as a JSON Web Key Set (RFC 7517) gives them.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{self, RsaPublicKeyComponents, UnparsedPublicKey, VerificationAlgorithm};
use serde_json::Value;

/// Keys that are kept of one set; those behind are left out.
const KEYS_MAX: usize = 256;
/// Smallest modulus of an RSA key: 2048 bits.
const RSA_MODULUS_BYTES_MIN: usize = 256;

/// How a token is signed. What is not in this list is not taken, `none` and shared secrets (HS256) least of all.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Algorithm {
    /// RSA with PKCS #1.
    Rs256,
    /// RSA with PKCS #1.
    Rs384,
    /// RSA with PKCS #1.
    Rs512,
    /// RSA with PSS.
    Ps256,
    /// RSA with PSS.
    Ps384,
    /// RSA with PSS.
    Ps512,
    /// ECDSA on P-256.
    Es256,
    /// ECDSA on P-384.
    Es384,
    /// Ed25519.
    EdDsa,
}

impl Algorithm {
    const NAMES: &'static [(&'static str, Algorithm)] = &[
        ("RS256", Algorithm::Rs256),
        ("RS384", Algorithm::Rs384),
        ("RS512", Algorithm::Rs512),
        ("PS256", Algorithm::Ps256),
        ("PS384", Algorithm::Ps384),
        ("PS512", Algorithm::Ps512),
        ("ES256", Algorithm::Es256),
        ("ES384", Algorithm::Es384),
        ("EdDSA", Algorithm::EdDsa),
    ];

    /// The one with this name.
    pub fn from_name(name: &str) -> Option<Algorithm> {
        Algorithm::NAMES.iter().find(|(known, _)| *known == name).map(|(_, algorithm)| *algorithm)
    }
}

/// A set of keys.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct KeySet {
    keys: Vec<Key>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
struct Key {
    id: Option<String>,
    /// The only algorithm that the key is for, where the set says so.
    algorithm: Option<Algorithm>,
    public: PublicKey,
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum PublicKey {
    Rsa { modulus: Vec<u8>, exponent: Vec<u8> },
    P256(Vec<u8>),
    P384(Vec<u8>),
    Ed25519(Vec<u8>),
}

impl KeySet {
    /// Reads a set. Keys of kinds that are not known, for encryption or too short are left out.
    ///
    /// # Errors
    /// When it is no set, or nothing is left of it.
    pub fn parse(json: &[u8]) -> Result<KeySet, String> {
        let set: Value = serde_json::from_slice(json).map_err(|_| "it is not JSON".to_owned())?;
        let keys = set.get("keys").and_then(Value::as_array).ok_or("it has no list of keys")?;
        let keys: Vec<Key> = keys.iter().filter_map(key).take(KEYS_MAX).collect();
        if keys.is_empty() {
            return Err("it has no key that signatures can be checked by".to_owned());
        }
        Ok(KeySet { keys })
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether there is no key.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Whether some key may have signed what names this key id.
    pub fn knows(&self, id: Option<&str>) -> bool {
        self.named(id).next().is_some()
    }

    /// Whether the signature is that of a key of the set.
    pub fn verifies(&self, id: Option<&str>, algorithm: Algorithm, signed: &[u8], signature: &[u8]) -> bool {
        let mut keys = self.named(id).filter(|key| key.algorithm.is_none_or(|only| only == algorithm));
        keys.any(|key| key.public.verifies(algorithm, signed, signature))
    }

    /// The keys with this id; without an id all of them.
    fn named<'a>(&'a self, id: Option<&'a str>) -> impl Iterator<Item = &'a Key> {
        self.keys.iter().filter(move |key| id.is_none() || key.id.as_deref() == id)
    }
}

impl PublicKey {
    fn verifies(&self, algorithm: Algorithm, signed: &[u8], signature: &[u8]) -> bool {
        let by = |rule: &'static dyn VerificationAlgorithm, key: &Vec<u8>| {
            UnparsedPublicKey::new(rule, key).verify(signed, signature).is_ok()
        };
        match (self, algorithm) {
            (PublicKey::Rsa { modulus, exponent }, algorithm) => {
                let rule = match algorithm {
                    Algorithm::Rs256 => &signature::RSA_PKCS1_2048_8192_SHA256,
                    Algorithm::Rs384 => &signature::RSA_PKCS1_2048_8192_SHA384,
                    Algorithm::Rs512 => &signature::RSA_PKCS1_2048_8192_SHA512,
                    Algorithm::Ps256 => &signature::RSA_PSS_2048_8192_SHA256,
                    Algorithm::Ps384 => &signature::RSA_PSS_2048_8192_SHA384,
                    Algorithm::Ps512 => &signature::RSA_PSS_2048_8192_SHA512,
                    Algorithm::Es256 | Algorithm::Es384 | Algorithm::EdDsa => return false,
                };
                let key = RsaPublicKeyComponents { n: modulus, e: exponent };
                key.verify(rule, signed, signature).is_ok()
            }
            (PublicKey::P256(key), Algorithm::Es256) => by(&signature::ECDSA_P256_SHA256_FIXED, key),
            (PublicKey::P384(key), Algorithm::Es384) => by(&signature::ECDSA_P384_SHA384_FIXED, key),
            (PublicKey::Ed25519(key), Algorithm::EdDsa) => by(&signature::ED25519, key),
            _ => false,
        }
    }
}

fn key(json: &Value) -> Option<Key> {
    let text = |name: &str| json.get(name).and_then(Value::as_str);
    if text("use").is_some_and(|purpose| purpose != "sig") {
        return None;
    }
    let algorithm = match text("alg") {
        None => None,
        Some(name) => Some(Algorithm::from_name(name)?),
    };
    let bytes = |name: &str| text(name).and_then(|text| URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok());
    let point = |length: usize| {
        let (x, y) = (bytes("x")?, bytes("y")?);
        (x.len() == length && y.len() == length).then(|| [&[4], &x[..], &y[..]].concat())
    };
    let public = match (text("kty")?, text("crv")) {
        ("RSA", _) => {
            let without_zeros = |bytes: Vec<u8>| bytes.into_iter().skip_while(|byte| *byte == 0).collect::<Vec<u8>>();
            let (modulus, exponent) = (without_zeros(bytes("n")?), without_zeros(bytes("e")?));
            if modulus.len() < RSA_MODULUS_BYTES_MIN {
                return None;
            }
            PublicKey::Rsa { modulus, exponent }
        }
        ("EC", Some("P-256")) => PublicKey::P256(point(32)?),
        ("EC", Some("P-384")) => PublicKey::P384(point(48)?),
        ("OKP", Some("Ed25519")) => PublicKey::Ed25519(bytes("x").filter(|key| key.len() == 32)?),
        _ => return None,
    };
    Some(Key { id: text("kid").map(str::to_owned), algorithm, public })
}
