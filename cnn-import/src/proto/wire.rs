//! The encoding of protocol buffers: a message is a list of numbered fields, each a number or bytes.
//!
//! Fields are found one after another and borrow from the file, so reading allocates nothing.

/// What is wrong with the encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Malformed(pub(crate) &'static str);

pub(crate) type Result<T> = core::result::Result<T, Malformed>;

const CUT: Malformed = Malformed("it ends in the middle of a field");

/// The value of a field.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Field<'a> {
    /// A whole number.
    Varint(u64),
    /// Eight bytes; no field that we read has this type.
    Fixed64,
    /// Text, a message, or packed numbers.
    Bytes(&'a [u8]),
    /// Four bytes.
    Fixed32([u8; 4]),
}

/// The fields of a message, in the order of the file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fields<'a>(pub(crate) &'a [u8]);

impl<'a> Fields<'a> {
    /// The number and the value of the next field.
    pub(crate) fn next(&mut self) -> Result<Option<(u32, Field<'a>)>> {
        if self.0.is_empty() {
            return Ok(None);
        }
        let key = self.varint()?;
        let number = u32::try_from(key >> 3).map_err(|_| Malformed("a field has a number that is too large"))?;
        let field = match key & 7 {
            0 => Field::Varint(self.varint()?),
            1 => {
                self.take(8)?;
                Field::Fixed64
            }
            2 => {
                let len = usize::try_from(self.varint()?).map_err(|_| CUT)?;
                Field::Bytes(self.take(len)?)
            }
            5 => Field::Fixed32(self.array()?),
            _ => return Err(Malformed("a field has an encoding that does not exist")),
        };
        if number == 0 {
            return Err(Malformed("a field has the number 0"));
        }
        Ok(Some((number, field)))
    }

    /// Seven bits a byte, the lowest first.
    fn varint(&mut self) -> Result<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let [byte] = self.array()?;
            number |= u64::from(byte & 0x7F) << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(Malformed("a number has more than ten bytes"))
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let (array, rest) = self.0.split_first_chunk().ok_or(CUT)?;
        self.0 = rest;
        Ok(*array)
    }

    fn take(&mut self, len: usize) -> Result<&'a [u8]> {
        let (bytes, rest) = self.0.split_at_checked(len).ok_or(CUT)?;
        self.0 = rest;
        Ok(bytes)
    }
}

impl<'a> Field<'a> {
    pub(crate) fn bytes(self) -> Result<&'a [u8]> {
        match self {
            Self::Bytes(bytes) => Ok(bytes),
            Self::Varint(_) | Self::Fixed64 | Self::Fixed32(_) => {
                Err(Malformed("a number is in the place of text or a message"))
            }
        }
    }

    pub(crate) fn text(self) -> Result<&'a str> {
        core::str::from_utf8(self.bytes()?).map_err(|_| Malformed("a text is not UTF-8"))
    }

    pub(crate) fn int(self) -> Result<i64> {
        match self {
            // Negative numbers are encoded as their two's complement.
            Self::Varint(number) => Ok(number as i64),
            Self::Bytes(_) | Self::Fixed64 | Self::Fixed32(_) => Err(Malformed("a whole number was expected")),
        }
    }

    pub(crate) fn float(self) -> Result<f32> {
        match self {
            Self::Fixed32(bytes) => Ok(f32::from_le_bytes(bytes)),
            Self::Bytes(_) | Self::Fixed64 | Self::Varint(_) => Err(Malformed("a float was expected")),
        }
    }

    /// Appends whole numbers, packed or a single one.
    pub(crate) fn ints(self, to: &mut Vec<i64>) -> Result<()> {
        let Self::Bytes(bytes) = self else {
            to.push(self.int()?);
            return Ok(());
        };
        let mut fields = Fields(bytes);
        while !fields.0.is_empty() {
            to.push(fields.varint()? as i64);
        }
        Ok(())
    }

    /// Appends floats, packed or a single one.
    pub(crate) fn floats(self, to: &mut Vec<f32>) -> Result<()> {
        let Self::Bytes(bytes) = self else {
            to.push(self.float()?);
            return Ok(());
        };
        let (floats, []) = bytes.as_chunks() else { return Err(CUT) };
        to.extend(floats.iter().map(|bytes| f32::from_le_bytes(*bytes)));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(bytes: &[u8]) -> Result<Option<(u32, Field<'_>)>> {
        Fields(bytes).next()
    }

    #[test]
    fn fields_are_read() {
        assert!(matches!(first(&[0x08, 0x96, 0x01]), Ok(Some((1, Field::Varint(150))))));
        assert!(matches!(first(&[0x12, 2, b'h', b'i']), Ok(Some((2, Field::Bytes(b"hi"))))));
        assert!(matches!(first(&[]), Ok(None)));
        let mut ints = Vec::new();
        assert_eq!(Field::Bytes(&[3, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1]).ints(&mut ints), Ok(()));
        assert_eq!(ints, [3, -1]);
    }

    #[test]
    fn broken_encodings_are_errors() {
        for bytes in [&[0x08][..], &[0x08, 0x80], &[0x12, 3, 1], &[0x0D, 0, 0], &[0x0B], &[0x02, 0], &[0xFF; 12]] {
            assert!(first(bytes).is_err(), "{bytes:?}");
        }
        // A length of nearly 2^64.
        let huge = [0x12, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1];
        assert!(first(&huge).is_err());
    }
}
