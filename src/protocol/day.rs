//! A day in UTC: the finest time that mohr knows.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::ids::{Malformed, deserialize_text};

/// `YYYY-MM-DD`, years 2000 to 9999, a date that exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(jiff::civil::Date);

const FIRST_YEAR: i16 = 2000;

impl Day {
    /// Today by the system's clock. The one place that reads it for the protocol;
    /// everything else is told the day.
    #[expect(clippy::disallowed_methods, reason = "the one place")]
    pub fn today() -> Self {
        let today = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
        // A clock before 2000 is a machine without a clock: any early day will do, and it must not panic.
        Self(today.max(jiff::civil::date(FIRST_YEAR, 1, 1)))
    }

    /// The day this many days later, or the last one there is.
    pub fn plus_days(self, days: i32) -> Self {
        Self(self.0.saturating_add(jiff::Span::new().days(days)).max(jiff::civil::date(FIRST_YEAR, 1, 1)))
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.0.year(), self.0.month(), self.0.day())
    }
}

impl FromStr for Day {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        parse(text).map(Self).ok_or(Malformed { expected: "a day such as 2026-03-21" })
    }
}

#[expect(clippy::string_slice, reason = "ASCII of this length: what is not shaped so has gone before")]
fn parse(text: &str) -> Option<jiff::civil::Date> {
    let bytes = text.as_bytes();
    let shaped = bytes.len() == 10
        && bytes.iter().enumerate().all(|(i, byte)| match i {
            4 | 7 => *byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    if !shaped {
        return None;
    }
    let (year, month, day) = (text[0..4].parse().ok()?, text[5..7].parse().ok()?, text[8..10].parse().ok()?);
    if year < FIRST_YEAR {
        return None;
    }
    jiff::civil::Date::new(year, month, day).ok()
}

impl Serialize for Day {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserialize_text(deserializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_days_that_exist() {
        for good in ["2024-02-29", "2000-01-01", "9999-12-31", "2026-03-21"] {
            assert_eq!(good.parse::<Day>().unwrap().to_string(), good);
        }
        for bad in [
            "2025-02-29",
            "1999-12-31",
            "2026-3-21",
            "2026-03-21 ",
            "+026-03-21",
            "2026/03/21",
            "",
            "۲۰۲۶-۰۳-۲۱",
        ] {
            assert!(bad.parse::<Day>().is_err(), "{bad}");
        }
    }

    #[test]
    fn days_are_counted_over_month_and_year() {
        assert_eq!("2026-12-30".parse::<Day>().unwrap().plus_days(3).to_string(), "2027-01-02");
        assert_eq!("2000-01-02".parse::<Day>().unwrap().plus_days(-9).to_string(), "2000-01-01");
    }
}
