//! Which way up a photograph is: the one tag of Exif that matters here.
//!
//! A telephone held upright stores its sensor's rows as they come, and a tag that says how to turn them. Exif is a
//! small TIFF file: a byte order, the offset of the first directory, and there entries of 12 bytes (tag, type, count,
//! value). Whatever is damaged is taken as "upright", for a picture is still readable without its Exif.

/// What has to be done to the stored rows, as Exif numbers it: first a mirroring, then quarter turns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Orientation {
    /// Swap left and right first.
    pub(super) mirrored: bool,
    /// Then turn clockwise, so many quarters.
    pub(super) quarters: u8,
}

const ORIENTATION: u16 = 0x0112;
const SHORT: u16 = 3;

/// The orientation in the Exif data of a JPEG (which may begin with `Exif\0\0`) or a PNG (where it does not).
pub(super) fn orientation(exif: &[u8]) -> Orientation {
    let tiff = exif.strip_prefix(b"Exif\0\0").unwrap_or(exif);
    let (mirrored, quarters) = match find_tag(tiff) {
        Some(2) => (true, 0),
        Some(3) => (false, 2),
        Some(4) => (true, 2),
        Some(5) => (true, 3),
        Some(6) => (false, 1),
        Some(7) => (true, 1),
        Some(8) => (false, 3),
        _ => (false, 0),
    };
    Orientation { mirrored, quarters }
}

fn find_tag(tiff: &[u8]) -> Option<u16> {
    let little = match tiff.get(..4)? {
        b"II*\0" => true,
        b"MM\0*" => false,
        _ => return None,
    };
    let short = |at: usize| {
        let bytes = *tiff.get(at..)?.first_chunk::<2>()?;
        Some(if little { u16::from_le_bytes(bytes) } else { u16::from_be_bytes(bytes) })
    };
    let (high, low) = if little { (6, 4) } else { (4, 6) };
    let directory = usize::from(short(high)?) << 16 | usize::from(short(low)?);
    let entries = directory + 2;
    (0..usize::from(short(directory)?))
        .map(|i| entries + 12 * i)
        .find(|&entry| short(entry) == Some(ORIENTATION) && short(entry + 2) == Some(SHORT))
        .and_then(|entry| short(entry + 8))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_byte_orders_are_read() {
        let big = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
        let little = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x05\0\0\0\0\0\0\0";
        assert_eq!(orientation(big), Orientation { mirrored: false, quarters: 1 });
        assert_eq!(orientation(little), Orientation { mirrored: true, quarters: 3 });
    }

    #[test]
    fn damaged_exif_means_upright() {
        let whole = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x05\0\0\0\0\0\0\0";
        for length in 0..18 {
            assert_eq!(orientation(&whole[..length]), Orientation::default(), "cut to {length} bytes");
        }
        assert_eq!(orientation(b"II*\0\xff\xff\xff\xff\xff\xff"), Orientation::default());
    }
}
