//! How an object lies in its item.

use aws_sdk_dynamodb::{primitives::Blob, types::AttributeValue};

use crate::attribute::{BadItem, Reader, text};

pub(super) const JSON: &str = "json";
/// Compressed by zstd.
pub(super) const PACKED: &str = "packed";

/// Above this an object is compressed: DynamoDB bills reads by 4 KB.
const PACK_ABOVE: usize = 4 * 1024;
/// DynamoDB takes items of 400 KB; key and attribute names need some of that.
const LARGEST: usize = 350 * 1024;
/// No object of the Admin API is that large: what says it is, is not ours.
const LARGEST_OPENED: usize = 64 * 1024 * 1024;

/// The attribute for an object; `None` if it is too large to be stored at all.
pub(super) fn pack(json: &str) -> Option<(&'static str, AttributeValue)> {
    if json.len() <= PACK_ABOVE {
        return Some((JSON, text(json)));
    }
    // What can't be compressed for want of memory is not stored.
    let packed = zstd::bulk::compress(json.as_bytes(), 1).ok()?;
    (packed.len() <= LARGEST).then(|| (PACKED, AttributeValue::B(Blob::new(packed))))
}

/// The object of an item; `None` if it is a tombstone.
pub(super) fn unpack(item: Reader<'_>) -> Result<Option<String>, BadItem> {
    if let Some(json) = item.text(JSON) {
        return Ok(Some(json.to_owned()));
    }
    let Some(packed) = item.0.get(PACKED) else { return Ok(None) };
    let packed = packed.as_b().map_err(|_| BadItem(PACKED))?.as_ref();
    open(packed).map(Some).ok_or(BadItem(PACKED))
}

fn open(packed: &[u8]) -> Option<String> {
    // The frame says its size, as all of ours do: a forged one must not ask for any memory.
    let size = zstd::zstd_safe::get_frame_content_size(packed).ok().flatten()?;
    let size = usize::try_from(size).ok().filter(|size| *size <= LARGEST_OPENED)?;
    String::from_utf8(zstd::bulk::decompress(packed, size).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attribute::Item;

    #[track_caller]
    fn check(json: &str, expected: Option<&str>) {
        let packed = pack(json);
        assert_eq!(packed.as_ref().map(|(name, _)| *name), expected);
        if let Some((name, value)) = packed {
            let item = Item::from([(name.to_owned(), value)]);
            assert_eq!(unpack(Reader(&item)).unwrap().as_deref(), Some(json));
        }
    }

    #[test]
    fn large_objects_are_packed_and_too_large_ones_left_out() {
        check("null", Some(JSON));
        check(&"é".repeat(PACK_ABOVE / 2), Some(JSON));
        check(&"x".repeat(PACK_ABOVE + 1), Some(PACKED));
        check(&"{\"title\":\"A product\"},".repeat(100_000), Some(PACKED));
        let mut rng = fastrand::Rng::with_seed(7);
        let noise: String = std::iter::repeat_with(|| rng.alphanumeric()).take(800_000).collect();
        check(&noise, None);
    }

    #[test]
    fn invalid_packed_object_is_an_error() {
        let with = |value| Item::from([(PACKED.to_owned(), value)]);
        for value in [text("x"), AttributeValue::B(Blob::new(b"x")), AttributeValue::B(Blob::new(b""))] {
            assert_eq!(unpack(Reader(&with(value))), Err(BadItem(PACKED)));
        }
        assert_eq!(unpack(Reader(&Item::new())), Ok(None));
    }
}
