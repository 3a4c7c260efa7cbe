//! How far a clock is shifted, and from when on.

use std::str::FromStr;

use jiff::{SignedDuration, Timestamp, ToSpan, civil, tz::TimeZone};

/// One way to shift the clock. Each test binary computes its own, so that each of them begins at the moment that is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shift {
    /// The true time.
    Now,
    /// So many days ahead.
    Days(u16),
    /// So many years ahead.
    Years(u16),
    /// The next 29 February, at this time of the day.
    LeapDay,
    /// The last minute of the year: a test that takes longer sees the next one.
    YearEnd,
    /// Twenty seconds before midnight UTC.
    Midnight,
}

/// Those that `all` stands for.
const ALL: [Shift; 5] = [Shift::Days(40), Shift::Years(3), Shift::LeapDay, Shift::YearEnd, Shift::Midnight];

/// What `--shift` names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shifts(pub(crate) Vec<Shift>);

impl Shift {
    /// What is added to a clock that says `now`.
    pub(crate) fn offset(self, now: Timestamp) -> SignedDuration {
        let here = now.to_zoned(TimeZone::UTC).datetime();
        let then = match self {
            Self::Now => Some(here),
            Self::Days(days) => here.checked_add(i64::from(days).days()).ok(),
            Self::Years(years) => here.checked_add(i64::from(years).years()).ok(),
            Self::LeapDay => next(here, |year| Some(civil::Date::new(year, 2, 29).ok()?.to_datetime(here.time()))),
            Self::YearEnd => next(here, |year| Some(civil::date(year, 12, 31).at(23, 59, 0, 0))),
            Self::Midnight => {
                let today = here.date().at(23, 59, 40, 0);
                if today >= here { Some(today) } else { today.tomorrow().ok() }
            }
        };
        // The calendar ends in the year 9999: until then there is such a day.
        then.map_or(SignedDuration::ZERO, |then| then.duration_since(here))
    }
}

/// The first such moment from now on, of this year or one of the next eight: leap years are at most eight apart.
fn next(here: civil::DateTime, of_year: impl Fn(i16) -> Option<civil::DateTime>) -> Option<civil::DateTime> {
    (here.year()..=here.year().saturating_add(8)).filter_map(of_year).find(|at| *at >= here)
}

impl std::fmt::Display for Shift {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Now => f.write_str("now"),
            Self::Days(days) => write!(f, "+{days}d"),
            Self::Years(years) => write!(f, "+{years}y"),
            Self::LeapDay => f.write_str("leap-day"),
            Self::YearEnd => f.write_str("year-end"),
            Self::Midnight => f.write_str("midnight"),
        }
    }
}

impl FromStr for Shift {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = |unit| text.strip_prefix('+').and_then(|rest| rest.strip_suffix(unit)?.parse::<u16>().ok());
        let named = [Self::Now, Self::LeapDay, Self::YearEnd, Self::Midnight];
        let named = named.into_iter().find(|shift| shift.to_string() == text);
        named.or_else(|| number("d").map(Self::Days)).or_else(|| number("y").map(Self::Years)).ok_or_else(|| {
            "expected all, now, leap-day, year-end, midnight, or so many days or years, such as +40d or +3y".to_owned()
        })
    }
}

impl FromStr for Shifts {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let one = |text: &str| if text == "all" { Ok(ALL.to_vec()) } else { Ok(vec![text.parse()?]) };
        let all: Result<Vec<Vec<Shift>>, String> = text.split(',').map(one).collect();
        Ok(Self(all?.concat()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(shift: &str, now: &str, expected: &str) {
        let now: Timestamp = now.parse().unwrap();
        let shift: Shift = shift.parse().unwrap();
        assert_eq!((now + shift.offset(now)).to_string(), expected, "{shift} at {now}");
    }

    #[test]
    fn shift_begins_at_the_moment_it_names() {
        check("now", "2026-11-30T05:00:00Z", "2026-11-30T05:00:00Z");
        check("+40d", "2026-11-30T05:00:00Z", "2027-01-09T05:00:00Z");
        check("+3y", "2026-11-30T05:00:00Z", "2029-11-30T05:00:00Z");
        check("+1y", "2028-02-29T05:00:00Z", "2029-02-28T05:00:00Z");
        check("leap-day", "2026-11-30T05:00:00.5Z", "2028-02-29T05:00:00.5Z");
        check("leap-day", "2028-02-29T05:00:00Z", "2028-02-29T05:00:00Z");
        check("leap-day", "2028-03-01T05:00:00Z", "2032-02-29T05:00:00Z");
        check("leap-day", "2096-03-01T05:00:00Z", "2104-02-29T05:00:00Z");
        check("year-end", "2026-11-30T05:00:00Z", "2026-12-31T23:59:00Z");
        check("year-end", "2026-12-31T23:59:00Z", "2026-12-31T23:59:00Z");
        check("year-end", "2026-12-31T23:59:30Z", "2027-12-31T23:59:00Z");
        check("midnight", "2026-11-30T05:00:00Z", "2026-11-30T23:59:40Z");
        check("midnight", "2026-12-31T23:59:50Z", "2027-01-01T23:59:40Z");
    }

    #[test]
    fn several_shifts_are_named_by_a_list_or_by_all() {
        assert_eq!("all".parse::<Shifts>().unwrap().0, ALL);
        assert_eq!("+400d,midnight".parse::<Shifts>().unwrap().0, [Shift::Days(400), Shift::Midnight]);
        for text in ["", "40d", "+d", "-3d", "+3w", "noon", "+40d,"] {
            assert!(text.parse::<Shifts>().is_err(), "{text:?}");
        }
    }
}
