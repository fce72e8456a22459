//! How a value of each type is read and written.

use bytes::Bytes;
use stream_types::Uuid;

use crate::decode::{DecodeError, Decoder};
use crate::encode::{EncodeError, Encoder};
use crate::records::Records;
use crate::str::Str;

/// What an encoding depends on besides the type.
#[derive(Clone, Copy, Debug)]
pub struct Form {
    /// The message's version.
    pub version: i16,
    /// Whether lengths are varints and structs end with tagged fields (KIP-482).
    pub flexible: bool,
    /// Whether the field may be null in this version.
    pub nullable: bool,
    /// Whether the field is a tagged one: its null struct is another byte.
    pub tagged: bool,
}

impl Form {
    const fn required(self) -> Form {
        Form { nullable: false, ..self }
    }

    pub(crate) const fn tagged(self) -> Form {
        Form { tagged: true, ..self }
    }
}

/// In which versions a field exists and may be null. Declarations build it from [`Span::ALL`].
#[derive(Clone, Copy, Debug)]
#[doc(hidden)]
pub struct Span {
    since: i16,
    until: i16,
    nullable_since: i16,
    nullable_until: i16,
    ignorable: bool,
}

impl Span {
    /// Every version of the message.
    pub const ALL: Span =
        Span { since: 0, until: i16::MAX, nullable_since: 0, nullable_until: i16::MAX, ignorable: false };

    /// Exists from `version` on.
    #[inline]
    pub const fn since(self, version: i16) -> Span {
        Span { since: version, ..self }
    }

    /// Exists up to and with `version`.
    #[inline]
    pub const fn until(self, version: i16) -> Span {
        Span { until: version, ..self }
    }

    /// May be null from `version` on.
    #[inline]
    pub const fn nullable(self, version: i16) -> Span {
        Span { nullable_since: version, ..self }
    }

    /// May be null up to and with `version`.
    #[inline]
    pub const fn nullable_until(self, version: i16) -> Span {
        Span { nullable_until: version, ..self }
    }

    /// Is left out without an error where it does not exist.
    #[inline]
    pub const fn ignorable(self) -> Span {
        Span { ignorable: true, ..self }
    }

    #[inline]
    pub const fn holds(self, version: i16) -> bool {
        self.since <= version && version <= self.until
    }

    #[inline]
    pub const fn form(self, form: Form) -> Form {
        let nullable = self.nullable_since <= form.version && form.version <= self.nullable_until;
        Form { nullable, tagged: false, ..form }
    }

    /// Leaves out a value that the version has no place for: an error unless it is the default or
    /// the field is ignorable.
    #[inline]
    pub fn leave_out<T: PartialEq>(
        self,
        (message, field): (&'static str, &'static str),
        value: &T,
        default: &T,
        form: Form,
    ) -> Result<(), EncodeError> {
        if self.ignorable || value == default {
            return Ok(());
        }
        Err(EncodeError::Field { message, field, version: form.version })
    }
}

/// A type that a field can have.
pub trait Field: Sized {
    /// Reads a value.
    fn read(d: &mut Decoder, form: Form) -> Result<Self, DecodeError>;
    /// Writes the value.
    fn write(&self, e: &mut Encoder, form: Form) -> Result<(), EncodeError>;
}

/// A declared struct: its fields in order, and in flexible versions the tagged ones.
pub trait Struct: Sized {
    /// Reads the fields.
    fn read_fields(d: &mut Decoder, form: Form) -> Result<Self, DecodeError>;
    /// Writes the fields.
    fn write_fields(&self, e: &mut Encoder, form: Form) -> Result<(), EncodeError>;
}

macro_rules! plain_fields {
    ($($type:ident $method:ident)*) => {
        $(
            impl Field for $type {
                #[inline]
                fn read(d: &mut Decoder, _: Form) -> Result<Self, DecodeError> {
                    d.$method()
                }

                #[inline]
                fn write(&self, e: &mut Encoder, _: Form) -> Result<(), EncodeError> {
                    e.$method(*self);
                    Ok(())
                }
            }
        )*
    };
}

plain_fields! { bool bool i8 i8 i16 i16 u16 u16 i32 i32 u32 u32 i64 i64 f64 f64 Uuid uuid }

/// Nullable types: one function reads the null or the value, the other writes them.
macro_rules! nullable_field {
    ($what:literal, [$($generic:tt)*] $type:ty, $read:expr, $write:expr, $write_null:expr) => {
        impl<$($generic)*> Field for $type {
            fn read(d: &mut Decoder, form: Form) -> Result<Self, DecodeError> {
                match $read(d, form.required())? {
                    Some(value) => Ok(value),
                    None => Err(d.null($what)),
                }
            }

            fn write(&self, e: &mut Encoder, form: Form) -> Result<(), EncodeError> {
                $write(self, e, form.required())
            }
        }

        impl<$($generic)*> Field for Option<$type> {
            fn read(d: &mut Decoder, form: Form) -> Result<Self, DecodeError> {
                match $read(d, form.required())? {
                    None if !form.nullable => Err(d.null($what)),
                    value => Ok(value),
                }
            }

            fn write(&self, e: &mut Encoder, form: Form) -> Result<(), EncodeError> {
                match self {
                    Some(value) => $write(value, e, form.required()),
                    None if !form.nullable => Err(EncodeError::Null { what: $what }),
                    None => {
                        $write_null(e, form);
                        Ok(())
                    }
                }
            }
        }
    };
}

nullable_field! { "text", [] Str, read_text, write_text, write_null_text }
nullable_field! { "bytes", [] Bytes, read_bytes, write_bytes, write_null }
nullable_field! { "records", [] Records, read_records, write_records, write_null }
nullable_field! { "array", [T: Field] Vec<T>, read_array, write_array, write_null }

impl<T: Struct> Field for T {
    fn read(d: &mut Decoder, form: Form) -> Result<Self, DecodeError> {
        T::read_fields(d, form.required())
    }

    fn write(&self, e: &mut Encoder, form: Form) -> Result<(), EncodeError> {
        self.write_fields(e, form.required())
    }
}

/// A byte says whether the struct follows: negative is null, but in a tagged field zero is.
impl<T: Struct> Field for Option<T> {
    fn read(d: &mut Decoder, form: Form) -> Result<Self, DecodeError> {
        if !form.nullable {
            return T::read_fields(d, form).map(Some);
        }
        let mark = d.i8()?;
        if mark < 0 || form.tagged && mark == 0 {
            return Ok(None);
        }
        T::read_fields(d, form.required()).map(Some)
    }

    fn write(&self, e: &mut Encoder, form: Form) -> Result<(), EncodeError> {
        match self {
            Some(value) if form.nullable => {
                e.i8(1);
                value.write_fields(e, form.required())
            }
            Some(value) => value.write_fields(e, form),
            None if form.nullable => {
                e.i8(if form.tagged { 0 } else { -1 });
                Ok(())
            }
            None => Err(EncodeError::Null { what: "struct" }),
        }
    }
}

fn read_text(d: &mut Decoder, form: Form) -> Result<Option<Str>, DecodeError> {
    let Some(length) = d.text_length(form)? else {
        return Ok(None);
    };
    let position = d.position();
    let bytes = d.take(length, "text")?;
    Str::try_from(bytes).map(Some).map_err(|_| DecodeError::Utf8 { position })
}

fn write_text(text: &Str, e: &mut Encoder, form: Form) -> Result<(), EncodeError> {
    e.text(text, form)
}

fn write_null_text(e: &mut Encoder, form: Form) {
    if form.flexible {
        e.unsigned_varint(0);
    } else {
        e.i16(-1);
    }
}

fn read_bytes(d: &mut Decoder, form: Form) -> Result<Option<Bytes>, DecodeError> {
    match d.length("bytes length", form)? {
        Some(length) => d.take(length, "bytes").map(Some),
        None => Ok(None),
    }
}

fn write_bytes(bytes: &Bytes, e: &mut Encoder, form: Form) -> Result<(), EncodeError> {
    e.length("bytes", bytes.len(), form)?;
    e.shared(bytes);
    Ok(())
}

fn read_records(d: &mut Decoder, form: Form) -> Result<Option<Records>, DecodeError> {
    Ok(read_bytes(d, form)?.map(Records::from))
}

fn write_records(records: &Records, e: &mut Encoder, form: Form) -> Result<(), EncodeError> {
    e.records(records, form)
}

fn write_null(e: &mut Encoder, form: Form) {
    if form.flexible {
        e.unsigned_varint(0);
    } else {
        e.i32(-1);
    }
}

fn read_array<T: Field>(d: &mut Decoder, form: Form) -> Result<Option<Vec<T>>, DecodeError> {
    let Some(count) = d.length("array length", form)? else {
        return Ok(None);
    };
    d.charge_array(count, size_of::<T>())?;
    // The count may be a lie: what is reserved at once never exceeds the bytes that have arrived.
    let affordable = d.remaining() / size_of::<T>().max(1);
    let mut elements = Vec::with_capacity(count.min(affordable));
    for _ in 0..count {
        elements.push(T::read(d, form)?);
    }
    Ok(Some(elements))
}

fn write_array<T: Field>(elements: &[T], e: &mut Encoder, form: Form) -> Result<(), EncodeError> {
    e.length("array", elements.len(), form)?;
    for element in elements {
        element.write(e, form)?;
    }
    Ok(())
}
