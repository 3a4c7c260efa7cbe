use proptest::prelude::*;

use super::*;

fn secret(n: u8) -> SecretString {
    SecretString::from(format!("{n:064}"))
}

fn keys(n: u8) -> Keys {
    Keys::new(&secret(n), None).unwrap()
}

fn shop(name: &str) -> ShopDomain {
    ShopDomain::parse(&format!("{name}.myshopify.com")).unwrap()
}

fn place(shop: &ShopDomain) -> Place<'_> {
    Place { shop, app: "default", part: Part::Access, version: 7 }
}

proptest! {
    #[test]
    fn sealed_token_is_opened_whole(token in ".{0,300}") {
        let (keys, north) = (keys(1), shop("north"));
        let sealed = keys.seal(&SecretString::from(token.as_str()), place(&north)).unwrap();
        prop_assert!(token.len() < 4 || !sealed.contains(&token));
        let opened = keys.open(&sealed, place(&north)).unwrap();
        prop_assert_eq!(opened.expose_secret(), token);
    }

    #[test]
    fn token_that_was_cut_off_or_altered_is_refused(at in 0usize..200, bit in 0u8..7) {
        let (keys, north) = (keys(1), shop("north"));
        let sealed = keys.seal(&SecretString::from("shpat_0123456789abcdef"), place(&north)).unwrap();
        let at = at % sealed.len();
        prop_assert!(keys.open(&sealed[..at], place(&north)).is_err());
        let mut bytes = sealed.clone().into_bytes();
        bytes[at] ^= 1 << bit;
        if let Ok(altered) = String::from_utf8(bytes) {
            prop_assert!(keys.open(&altered, place(&north)).is_err(), "{}", altered);
        }
    }

    #[test]
    fn no_text_makes_it_panic(text in ".{0,100}", base64 in "v1\\.[0-9a-f]{8}\\.[A-Za-z0-9_-]{0,60}") {
        let north = shop("north");
        prop_assert!(keys(1).open(&text, place(&north)).is_err());
        prop_assert!(keys(1).open(&base64, place(&north)).is_err());
    }
}

#[test]
fn a_sealed_token_cannot_be_moved() {
    let (keys, north, south) = (keys(1), shop("north"), shop("south"));
    let here = place(&north);
    let sealed = keys.seal(&SecretString::from("shpat_secret"), here).unwrap();
    for elsewhere in [
        Place { shop: &south, ..here },
        Place { app: "other", ..here },
        Place { part: Part::Refresh, ..here },
        Place { version: 8, ..here },
    ] {
        assert_eq!(keys.open(&sealed, elsewhere).unwrap_err(), OpenError::Forged, "{elsewhere:?}");
    }
    assert!(keys.open(&sealed, here).is_ok());
}

#[test]
fn two_seals_of_one_token_have_nothing_in_common() {
    let (keys, north) = (keys(1), shop("north"));
    let seal = || keys.seal(&SecretString::from("shpat_secret"), place(&north)).unwrap();
    let (one, other) = (seal(), seal());
    assert_eq!(one[..12], other[..12], "version and key id");
    assert_ne!(one[12..28], other[12..28], "the nonce");
    assert_ne!(one[28..], other[28..]);
}

#[test]
fn the_previous_key_opens_until_the_next_rotation() {
    let north = shop("north");
    let sealed = keys(1).seal(&SecretString::from("shpat_secret"), place(&north)).unwrap();
    let rotated = Keys::new(&secret(2), Some(&secret(1))).unwrap();
    assert_eq!(rotated.open(&sealed, place(&north)).unwrap().expose_secret(), "shpat_secret");
    let anew = rotated.seal(&SecretString::from("x"), place(&north)).unwrap();
    assert!(keys(2).open(&anew, place(&north)).is_ok(), "the current one seals");
    let error = keys(3).open(&sealed, place(&north)).unwrap_err();
    assert!(matches!(&error, OpenError::UnknownKey(id) if sealed.contains(id.as_str())), "{error}");
}

#[test]
fn a_secret_that_can_be_guessed_makes_no_key() {
    assert!(Keys::new(&SecretString::from("short"), None).is_none());
}

#[test]
fn neither_keys_nor_errors_show_a_secret() {
    let keys = Keys::new(&secret(2), Some(&secret(1))).unwrap();
    let shown = format!("{keys:?}");
    assert!(!shown.contains("0000") && shown.len() < 80, "{shown}");
}
