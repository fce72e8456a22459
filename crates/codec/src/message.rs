//! The declaration language for versioned messages, and what a declared message can do.

use std::fmt::Debug;

use bytes::Bytes;

use crate::decode::{DecodeError, Decoder};
use crate::encode::{EncodeError, Encoder};
use crate::field::{Form, Struct};

/// A message with versions: a request, a response, a stored record.
pub trait Message: Struct + Default + Clone + Debug + PartialEq {
    /// Kafka's name of the message.
    const NAME: &'static str;
    /// The first and the last version that the declaration covers.
    const VERSIONS: (i16, i16);
    /// The first version with compact lengths and tagged fields (KIP-482); `i16::MAX` if none has.
    const FLEXIBLE: i16;

    /// Reads the message from where the decoder stands; what follows it is left alone.
    fn decode(d: &mut Decoder, version: i16) -> Result<Self, DecodeError> {
        match form::<Self>(version) {
            Some(form) => Self::read_fields(d, form),
            None => Err(DecodeError::Version { message: Self::NAME, version }),
        }
    }

    /// Writes the message.
    fn encode(&self, e: &mut Encoder, version: i16) -> Result<(), EncodeError> {
        match form::<Self>(version) {
            Some(form) => self.write_fields(e, form),
            None => Err(EncodeError::Version { message: Self::NAME, version }),
        }
    }
}

fn form<M: Message>(version: i16) -> Option<Form> {
    let (first, last) = M::VERSIONS;
    (first <= version && version <= last).then_some(Form {
        version,
        flexible: version >= M::FLEXIBLE,
        nullable: false,
        tagged: false,
    })
}

/// Reads a message that fills `bytes`; bytes behind its end are an error.
pub fn decode_body<M: Message>(bytes: Bytes, version: i16) -> Result<M, DecodeError> {
    let mut decoder = Decoder::new(bytes);
    let message = M::decode(&mut decoder, version)?;
    decoder.end()?;
    Ok(message)
}

/// The message in one buffer. Fails like [`Message::encode`], and where record data is external.
pub fn to_bytes<M: Message>(message: &M, version: i16) -> Result<Bytes, EncodeError> {
    let mut encoder = Encoder::new();
    message.encode(&mut encoder, version)?;
    encoder.into_bytes()
}

/// Declares messages and the structs within them.
///
/// ```
/// use stream_codec::{messages, Str};
///
/// messages! {
///     /// Asks for greetings.
///     GreetRequest, versions 0..=3, flexible 2 {
///         names: Option<Vec<Name>>, nullable 1;
///         loud: bool = true, since 1, ignorable;
///         @0 language: Option<Str>, since 2;
///     }
///     /// Somebody to greet.
///     Name {
///         text: Str;
///     }
/// }
/// ```
///
/// Fields are written in this order. `since` and `until` bound the versions that have the field,
/// `nullable` and `nullable_until` those in which an `Option` may be null (all, if not said). A value
/// that the version has no place for is an error unless it is the default or the field is `ignorable`.
/// `@0` is a tagged field with tag 0; tagged fields come last, and are left out at their default.
/// A field without `= value` defaults to the type's own default.
#[macro_export]
macro_rules! messages {
    ($(
        $(#[$attribute:meta])*
        $name:ident $(, versions $first:literal ..= $last:literal $(, flexible $flexible:literal)?)? {
            $($field:ident : $type:ty $(= $default:expr)? $(, $modifier:ident $($value:literal)?)*;)*
            $(@ $tag:literal $tagged:ident : $tagged_type:ty $(= $tagged_default:expr)?
                $(, $tagged_modifier:ident $($tagged_value:literal)?)*;)*
        }
    )*) => {$(
        $(#[$attribute])*
        #[derive(Clone, Debug, PartialEq)]
        pub struct $name {
            $(pub $field: $type,)*
            $(pub $tagged: $tagged_type,)*
        }

        impl Default for $name {
            fn default() -> Self {
                Self {
                    $($field: $crate::declared!(default $($default)?),)*
                    $($tagged: $crate::declared!(default $($tagged_default)?),)*
                }
            }
        }

        impl $crate::Struct for $name {
            #[allow(unused_mut)]
            fn read_fields(
                d: &mut $crate::Decoder,
                form: $crate::Form,
            ) -> Result<Self, $crate::DecodeError> {
                let mut this = Self::default();
                $(d.field(&mut this.$field, form, $crate::Span::ALL$(.$modifier($($value)?))*)?;)*
                if form.flexible {
                    $crate::declared!(read_tags d this form
                        $($tag $tagged [$(.$tagged_modifier($($tagged_value)?))*])*);
                }
                Ok(this)
            }

            fn write_fields(
                &self,
                e: &mut $crate::Encoder,
                form: $crate::Form,
            ) -> Result<(), $crate::EncodeError> {
                $($crate::declared!(write e form $name (self.$field) $field
                    [$(.$modifier($($value)?))*] [$($default)?]);)*
                $crate::declared!(write_tags e form $name self
                    $($tag $tagged [$(.$tagged_modifier($($tagged_value)?))*] [$($tagged_default)?])*);
                Ok(())
            }
        }

        $(
            impl $crate::Message for $name {
                const NAME: &'static str = stringify!($name);
                const VERSIONS: (i16, i16) = ($first, $last);
                const FLEXIBLE: i16 = [$($flexible,)? i16::MAX][0];
            }
        )?
    )*};
}

/// The parts of [`messages!`] that depend on what a declaration leaves out.
#[doc(hidden)]
#[macro_export]
macro_rules! declared {
    (default) => { Default::default() };
    (default $default:expr) => { $default };

    (read_tags $d:ident $this:ident $form:ident) => { $d.skip_tags()? };
    (read_tags $d:ident $this:ident $form:ident $($tag:literal $field:ident [$($span:tt)*])+) => {
        for _ in 0..$d.tag_count()? {
            let (tag, mut body) = $d.next_tag()?;
            match tag {
                $($tag => body.tagged_field(&mut $this.$field, $form, $crate::Span::ALL $($span)*)?,)+
                _ => {}
            }
            $d.end_tag(&body);
        }
    };

    (write $e:ident $form:ident $name:ident ($value:expr) $field:ident [] [$($default:expr)?]) => {
        $crate::Field::write(&$value, $e, $crate::Span::ALL.form($form))?
    };
    (write $e:ident $form:ident $name:ident ($value:expr) $field:ident [$($span:tt)*] [$($default:expr)?]) => {
        let span = $crate::Span::ALL $($span)*;
        if span.holds($form.version) {
            $crate::Field::write(&$value, $e, span.form($form))?;
        } else {
            let names = (stringify!($name), stringify!($field));
            span.leave_out(names, &$value, &$crate::declared!(default $($default)?), $form)?;
        }
    };

    (write_tags $e:ident $form:ident $name:ident $this:ident) => {
        if $form.flexible {
            $e.unsigned_varint(0);
        }
    };
    (write_tags $e:ident $form:ident $name:ident $this:ident
        $($tag:literal $field:ident [$($span:tt)*] [$($default:expr)?])+
    ) => {
        let mut tags = $crate::Tags::default();
        $(tags.put(
            $tag,
            (stringify!($name), stringify!($field)),
            &$this.$field,
            &$crate::declared!(default $($default)?),
            $form,
            $crate::Span::ALL $($span)*,
        )?;)+
        $e.tags($form, tags)?;
    };
}
