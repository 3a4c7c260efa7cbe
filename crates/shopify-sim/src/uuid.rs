//! Ids that look like version 4 UUIDs, from a seeded source.

pub(crate) fn uuid(rng: &mut fastrand::Rng) -> String {
    let bits = rng.u128(..);
    let part = |shift: u32, mask: u128| (bits >> shift) & mask;
    format!(
        "{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}",
        part(96, 0xffff_ffff),
        part(80, 0xffff),
        part(64, 0xfff),
        part(48, 0xfff),
        part(0, 0xffff_ffff_ffff)
    )
}
