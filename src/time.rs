//! Times as they are shown: in short and exactly, in a person's language and time zone.

use crate::i18n::Lang;
use jiff::{
    Timestamp, ZonedDateTime,
    civil::Date,
    tz::{self, TimeZone},
};
use std::time::{SystemTime, UNIX_EPOCH};
use std::{fmt::Display, sync::LazyLock};

/// The present time in microseconds since 1970 (UTC), as all times in the database.
pub fn now() -> i64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}

/// A day, as times are counted in the database.
pub(crate) const A_DAY: i64 = 86_400_000_000;

/// In the order of the languages.
static NAMES: LazyLock<Vec<Names>> =
    LazyLock::new(|| Lang::iter().map(|&lang| Names::of(lang)).collect());

/// Names that are the same each time that a moment is told in a language: looked up once, as a page
/// tells many and that took most of the time.
struct Names {
    /// The short ones, from January.
    months: [String; 12],
    /// The short ones, from Monday.
    weekdays: [String; 7],
    /// The hours are counted from 1 to 12.
    counts_to_12: bool,
}

impl Names {
    fn of(lang: Lang) -> Self {
        let t = lang.texts();
        Self {
            months: std::array::from_fn(|n| t.clock_month_short(n + 1)),
            weekdays: std::array::from_fn(|n| t.clock_weekday(n + 1)),
            counts_to_12: t.clock_system().starts_with("12"),
        }
    }

    fn month(&self, at: &ZonedDateTime) -> &str {
        name_of(&self.months, at.month())
    }

    fn weekday(&self, at: &ZonedDateTime) -> &str {
        name_of(&self.weekdays, at.weekday().to_monday_one_offset())
    }
}

/// The one of this number, counted from 1.
fn name_of(names: &[String], number: i8) -> &str {
    let at = usize::try_from(number - 1).ok();
    at.and_then(|at| names.get(at)).map_or("", String::as_str)
}

/// Somebody's clock. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Clock {
    lang: Lang,
    zone: TimeZone,
    /// The person has chosen this zone, so it need not be named.
    is_own: bool,
}

/// A moment that has passed.
#[derive(Clone)]
pub(crate) struct When {
    /// In short: the time of a day that is today's, else the day as well, and the year of another one.
    /// It stays true however long the page is open.
    pub short: String,
    /// For programs.
    pub machine: String,
    /// For people who want to know exactly.
    pub exact: String,
}

impl Clock {
    /// With the zone of this name, if there is one, else with the server's.
    pub(crate) fn new(lang: Lang, own: Option<&str>, server: &TimeZone) -> Self {
        let own = own.and_then(|name| TimeZone::get(name).ok());
        Self {
            lang,
            is_own: own.is_some(),
            zone: own.unwrap_or_else(|| server.clone()),
        }
    }

    /// Puts a moment, in microseconds since 1970, in words.
    pub(crate) fn when(&self, at: i64) -> Option<When> {
        let (t, shown, today) = (self.lang.texts(), self.zoned(at)?, self.zoned(now())?);
        let (time, month) = (self.time(&shown), self.names().month(&shown));
        let short = if shown.date() == today.date() {
            time.clone()
        } else if shown.year() == today.year() {
            t.clock_day_time(shown.day(), month, &time)
        } else {
            t.clock_date(shown.day(), month, shown.year())
        };
        Some(When {
            short,
            machine: Timestamp::from_second(at / 1_000_000).ok()?.to_string(),
            exact: self.exact(&shown, time),
        })
    }

    /// Date and time now.
    pub(crate) fn now(&self) -> String {
        self.zoned(now())
            .map_or_else(String::new, |now| self.exact(&now, self.time(&now)))
    }

    /// The day of a moment in words.
    pub(crate) fn date(&self, at: i64) -> Option<String> {
        let (t, day) = (self.lang.texts(), self.day(at)?);
        Some(t.clock_date(day.day(), t.clock_month(day.month()), day.year()))
    }

    /// The day of a moment.
    pub(crate) fn day(&self, at: i64) -> Option<Date> {
        Some(self.zoned(at)?.date())
    }

    /// A month of a year by its name.
    pub(crate) fn month(&self, day: Date) -> String {
        let t = self.lang.texts();
        t.clock_month_of(t.clock_month(day.month()), day.year())
    }

    fn names(&self) -> &'static Names {
        &NAMES[self.lang as usize]
    }

    fn zoned(&self, at: i64) -> Option<ZonedDateTime> {
        let moment = Timestamp::from_microsecond(at).ok()?;
        Some(moment.to_zoned_datetime(self.zone.clone()))
    }

    /// The time of the day.
    fn time(&self, at: &ZonedDateTime) -> String {
        let hour = match self.names().counts_to_12 {
            true => format!("{}", (at.hour() + 11) % 12 + 1),
            false => format!("{:02}", at.hour()),
        };
        let t = self.lang.texts();
        t.clock_time(at.hour() / 12, hour, format!("{:02}", at.minute()))
    }

    /// Date and time, and the zone unless the person knows it.
    fn exact(&self, at: &ZonedDateTime, time: String) -> String {
        let (t, names) = (self.lang.texts(), self.names());
        let (day, year) = (at.day().to_string(), at.year().to_string());
        let exact = t.clock_exact(names.weekday(at), day, names.month(at), year, time);
        match self.is_own {
            true => exact,
            false => t.clock_in_zone(exact, name(&self.zone)),
        }
    }
}

/// The zone's name; without one, how far it is from UTC now.
pub(crate) fn name(zone: &TimeZone) -> String {
    match zone.iana_name() {
        Some("Etc/UTC") => "UTC".to_owned(),
        Some(name) => name.to_owned(),
        None => format!("UTC{}", zone.to_offset(Timestamp::now())),
    }
}

/// The zone that this machine is set to; UTC where it is set to none.
///
/// # Errors
/// The value of the variable `TZ`, if that is no zone.
pub(crate) fn of_this_machine() -> Result<TimeZone, String> {
    TimeZone::try_system().or_else(|_| match std::env::var("TZ") {
        Ok(unknown) if !unknown.is_empty() => Err(unknown),
        _ => Ok(TimeZone::UTC),
    })
}

/// Reads the variable `TZ`, if that is a distance from UTC with a sign, which few people mean as it is
/// read.
pub(crate) fn posix_zone() -> Option<String> {
    let zone = std::env::var("TZ").ok()?;
    let name = zone.trim_start_matches(':').trim_start_matches("Etc/");
    let is_utc = ["GMT", "UTC"].iter().any(|utc| {
        let sign = name.strip_prefix(utc);
        sign.is_some_and(|rest| rest.starts_with(['+', '-']) && rest.len() > 1)
    });
    is_utc.then_some(zone)
}

/// The names of all zones that are places, and UTC.
pub(crate) fn names() -> Vec<String> {
    const PARTS: [&str; 10] = [
        "Africa",
        "America",
        "Antarctica",
        "Arctic",
        "Asia",
        "Atlantic",
        "Australia",
        "Europe",
        "Indian",
        "Pacific",
    ];
    let all = tz::db().available().map(|name| name.as_str().to_owned());
    let mut names: Vec<_> = all
        .filter(|name| {
            let part = name.split_once('/').map(|(part, _)| part);
            name == "UTC" || part.is_some_and(|part| PARTS.contains(&part))
        })
        .collect();
    names.sort();
    names
}

/// A number with its thousands apart, as both languages write it.
pub(crate) fn grouped(number: impl Display) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + 4);
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    #[test]
    fn thousands_stand_apart() {
        for (number, text) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (1_234_567, "1,234,567"),
        ] {
            assert_eq!(super::grouped(number), text);
        }
    }
}
