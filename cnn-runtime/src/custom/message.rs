//! Messages of panics while rustc runs, in which nothing can be formatted.

use cnn_net::op::Shape;

/// A longer message is cut.
const MOST: usize = 1024;

/// A text that is being written.
pub(super) struct Message {
    bytes: [u8; MOST],
    len: usize,
}

impl Message {
    /// `custom NAME: `, or without a name where it is a number.
    pub(super) const fn about(layer: &str) -> Self {
        Self { bytes: [0; MOST], len: 0 }.text("custom `").text(layer).text("`: ")
    }

    pub(super) const fn text(mut self, text: &str) -> Self {
        let (text, mut i) = (text.as_bytes(), 0);
        while i < text.len() && self.len < MOST {
            self.bytes[self.len] = text[i];
            (self.len, i) = (self.len + 1, i + 1);
        }
        self
    }

    pub(super) const fn number(self, number: usize) -> Self {
        let (mut digits, mut first, mut rest) = ([b'0'; 20], 20, number);
        while rest > 0 || first == digits.len() {
            first -= 1;
            digits[first] = b'0' + (rest % 10) as u8;
            rest /= 10;
        }
        match core::str::from_utf8(digits.split_at(first).1) {
            Ok(digits) => self.text(digits),
            Err(_) => self,
        }
    }

    /// `16x3`
    pub(super) const fn sizes(mut self, sizes: &[usize]) -> Self {
        let mut i = 0;
        while i < sizes.len() {
            self = if i == 0 { self } else { self.text("x") }.number(sizes[i]);
            i += 1;
        }
        self
    }

    /// `16x8x8`, or `120` for a vector.
    pub(super) const fn shape(self, shape: Shape) -> Self {
        match shape {
            Shape::Map { channels, height, width } => self.sizes(&[channels, height, width]),
            Shape::Vector(features) => self.number(features),
        }
    }

    /// Panics with it.
    #[track_caller]
    pub(super) const fn panic(self) -> ! {
        let text = self.bytes.split_at(self.len).0;
        match core::str::from_utf8(text) {
            Ok(text) => panic!("{}", text),
            // It was cut within a character.
            Err(cut) => match core::str::from_utf8(text.split_at(cut.valid_up_to()).0) {
                Ok(text) => panic!("{}", text),
                Err(_) => panic!("custom: the declaration is not what its type says"),
            },
        }
    }
}
