//! What is sent, as the command line says it.

use weir_load::{Mix, ORDER, Shape};

use crate::{
    cli::{LoadArgs, PatternName, Share},
    commands::topics,
    problem::Usage,
};

/// Of a hundred deliveries of a flash sale so many repeat an earlier one, unless the command line says otherwise.
const DUPLICATES_OF_A_SALE: u8 = 5;

/// Deliveries of the default app.
pub(super) fn mix(args: &LoadArgs) -> Result<Mix, Usage> {
    let sized = [Share { topic: ORDER.to_owned(), weight: 1 }];
    let shares = if args.payload_kb.is_some() { &sized[..] } else { &args.topics[..] };
    let usual = if args.pattern == PatternName::FlashSale { DUPLICATES_OF_A_SALE } else { 0 };
    Ok(Mix {
        shops: args.shops,
        topics: shares.iter().map(|share| Ok((topic(&share.topic)?, share.weight))).collect::<Result<_, Usage>>()?,
        payload_bytes: args.payload_kb.map(|kb| kb as usize * 1024),
        duplicates: args.duplicates.unwrap_or(usual),
        poison: args.poison,
        app: "default".to_owned(),
    })
}

fn topic(text: &str) -> Result<shopify_webhook::Topic, Usage> {
    weir_load::topic(text).ok_or_else(|| {
        let hint = match &topics::closest(text)[..] {
            [] => "`weir topics` lists the known ones".to_owned(),
            meant => format!("did you mean {}? `weir topics` lists the known ones", meant.join(" or ")),
        };
        Usage::new(format!("{text:?} is not a topic that bodies can be generated for"), hint)
    })
}

impl From<PatternName> for Shape {
    fn from(name: PatternName) -> Self {
        match name {
            PatternName::Steady => Self::Steady,
            PatternName::FlashSale => Self::FlashSale,
            PatternName::Ramp => Self::Ramp,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::{Cli, Command};

    fn asked(line: &[&str]) -> Result<Mix, Usage> {
        match Cli::parse_from(["weir", "load"].iter().chain(line)).command {
            Command::Load(args) => mix(&args),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn flash_sale_has_repeats_and_steady_load_has_none() {
        assert_eq!(asked(&["--pattern", "flash-sale"]).unwrap().duplicates, 5);
        assert_eq!(asked(&["--pattern", "flash-sale", "--duplicates", "0"]).unwrap().duplicates, 0);
        assert_eq!(asked(&[]).unwrap().duplicates, 0);
    }

    #[test]
    fn mix_is_what_the_command_line_says() {
        let mix = asked(&["--shops", "4", "--topics", "orders/create=3,products/update", "--poison", "7"]).unwrap();
        let topics: Vec<(&str, u32)> = mix.topics.iter().map(|(topic, weight)| (topic.as_str(), *weight)).collect();
        assert_eq!((mix.shops, mix.poison, mix.payload_bytes), (4, 7, None));
        assert_eq!(topics, [("orders/create", 3), ("products/update", 1)]);
        let sized = asked(&["--payload-kb", "100"]).unwrap();
        assert_eq!((sized.payload_bytes, sized.topics.len()), (Some(102_400), 1));
    }

    #[test]
    fn topic_without_bodies_is_refused_with_what_was_meant() {
        let error = asked(&["--topics", "orders/create,order/paid"]).unwrap_err();
        assert!(error.hint.contains("orders/paid"), "{}", error.hint);
    }
}
