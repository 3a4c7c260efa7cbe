//! Pieces of a file, cut into lines.

use bytes::{Bytes, BytesMut};

use super::{LineError, LineFault};

/// The longest line: far above any object of Shopify's, and far below what a function has of memory.
pub(super) const LONGEST: usize = 16 * 1024 * 1024;

/// Cuts pieces into lines. Holds one piece, and the beginning of the line that it ends in.
#[derive(Debug, Default)]
pub(super) struct Splitter {
    begun: BytesMut,
    piece: Bytes,
    number: u64,
    /// Whether the line that was begun is too long, and passed over up to its end.
    is_passing_over: bool,
}

/// A line and its number, counted from one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Numbered {
    pub(super) number: u64,
    pub(super) text: Bytes,
}

impl Splitter {
    /// Takes the next piece, once [`Splitter::next`] has no line any more.
    ///
    /// # Errors
    /// Once for a line that is too long; it is left out, however long it goes on.
    pub(super) fn push(&mut self, piece: Bytes) -> Result<(), LineError> {
        let ahead = std::mem::replace(&mut self.piece, piece);
        if self.is_passing_over {
            return Ok(());
        }
        self.begun.extend_from_slice(&ahead);
        if self.begun.len() <= LONGEST {
            return Ok(());
        }
        (self.begun, self.is_passing_over) = (BytesMut::new(), true);
        Err(LineError { number: self.number + 1, column: 0, fault: LineFault::TooLong(LONGEST) })
    }

    /// The next whole line that is not blank.
    pub(super) fn next(&mut self) -> Option<Numbered> {
        while let Some(end) = memchr::memchr(b'\n', &self.piece) {
            let mut text = self.piece.split_to(end + 1);
            if std::mem::take(&mut self.is_passing_over) {
                self.number += 1;
                continue;
            }
            if !self.begun.is_empty() {
                self.begun.extend_from_slice(&text);
                text = self.begun.split().freeze();
            }
            if let Some(line) = self.numbered(text) {
                return Some(line);
            }
        }
        None
    }

    /// The last line, if nothing ends it.
    pub(super) fn rest(&mut self) -> Option<Numbered> {
        if self.is_passing_over {
            self.piece.clear();
            return None;
        }
        self.begun.extend_from_slice(&std::mem::take(&mut self.piece));
        let text = self.begun.split().freeze();
        if text.is_empty() { None } else { self.numbered(text) }
    }

    fn numbered(&mut self, text: Bytes) -> Option<Numbered> {
        self.number += 1;
        let is_blank = text.iter().all(u8::is_ascii_whitespace);
        (!is_blank).then_some(Numbered { number: self.number, text })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(text: &'static [u8], at: usize) -> Vec<(u64, String)> {
        let mut splitter = Splitter::default();
        let mut lines = Vec::new();
        for piece in text.chunks(at) {
            splitter.push(Bytes::from_static(piece)).unwrap();
            lines.extend(std::iter::from_fn(|| splitter.next()));
        }
        lines.extend(splitter.rest());
        assert_eq!(splitter.rest(), None);
        let text = |line: Numbered| (line.number, String::from_utf8(line.text.to_vec()).unwrap().trim().to_owned());
        lines.into_iter().map(text).collect()
    }

    #[test]
    fn lines_are_the_same_however_they_come() {
        let text = "{\"a\":1}\n\n{\"bé\":2}\r\n  \n{\"c\":3}".as_bytes();
        let expected = [(1, "{\"a\":1}".to_owned()), (3, "{\"bé\":2}".to_owned()), (5, "{\"c\":3}".to_owned())];
        for at in 1..=text.len() {
            assert_eq!(cut(text, at), expected, "in pieces of {at}");
        }
        assert!(cut(b"", 1).is_empty());
        assert!(cut(b"\n\n", 1).is_empty());
    }

    #[test]
    fn a_line_without_an_end_is_given_up() {
        let mut splitter = Splitter::default();
        let piece = Bytes::from(vec![b'x'; LONGEST / 2 + 1]);
        splitter.push(Bytes::from_static(b"{}\n")).unwrap();
        assert!(splitter.next().is_some());
        splitter.push(piece.clone()).unwrap();
        splitter.push(piece).unwrap();
        let error = splitter.push(Bytes::new()).unwrap_err();
        assert_eq!((error.number, error.fault), (2, LineFault::TooLong(LONGEST)));
    }

    #[test]
    fn a_line_that_is_too_long_is_passed_over_in_constant_memory() {
        let mut splitter = Splitter::default();
        let piece = Bytes::from(vec![b'x'; LONGEST / 2 + 1]);
        let refused = (0..8).filter(|_| splitter.push(piece.clone()).is_err()).count();
        assert_eq!((refused, splitter.begun.capacity(), splitter.next()), (1, 0, None));
        splitter.push(Bytes::from_static(b"x\n{}\n")).unwrap();
        assert_eq!(splitter.next(), Some(Numbered { number: 2, text: Bytes::from_static(b"{}\n") }));
        for _ in 0..4 {
            let _refused_once = splitter.push(piece.clone());
        }
        assert_eq!(splitter.rest(), None, "its end is no line either");
    }
}
