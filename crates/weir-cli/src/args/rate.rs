//! A rate, as an option.

/// `20`, `0.5` or `20/s`.
pub(crate) fn rate(text: &str) -> Result<f64, &'static str> {
    let number = text.strip_suffix("/s").unwrap_or(text).parse::<f64>().ok();
    number.filter(|rate| rate.is_finite() && *rate > 0.0).ok_or("expected a number a second, as 20 or 0.5")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_a_number_a_second() {
        assert_eq!((rate("20"), rate("20/s"), rate("0.5")), (Ok(20.0), Ok(20.0), Ok(0.5)));
        for text in ["", "0", "-1", "inf", "NaN", "20/m", "fast"] {
            assert!(rate(text).is_err(), "{text}");
        }
    }
}
