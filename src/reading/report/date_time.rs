//! The date and time of XML Schema, with its zone.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::Offset;

use super::xml::is_blank;

/// How it is written, for messages.
pub(super) const EXPECTED: &str = "une date et une heure avec le fuseau, comme 2026-11-23T07:50:00+01:00";

/// The instant of an `xs:dateTime` (XML Schema Part 2, section 3.2.7) with a zone and a year from
/// 0001 to 9999. The zone goes to 14:00, midnight may be written 24:00:00, there is no 60th second
/// and fractions are cut after the nanosecond. `None` for anything else.
pub(super) fn parse(text: &str) -> Option<Timestamp> {
    let (date, rest) = text.split_once('T')?;
    let zone_at = rest.find(['Z', '+', '-'])?;
    let (time, zone) = rest.split_at_checked(zone_at)?;
    offset(zone)?.to_timestamp(civil(date_of(date)?, time)?).ok()
}

/// What is wrong with a text that is no such date, as far as it can be told, and the date it was meant to be.
pub(super) struct Repair {
    /// One sentence for each fault.
    pub(super) faults: Vec<&'static str>,
    /// The date as it must be written; `None` if nobody can know the zone.
    pub(super) meant: Option<String>,
}

/// The faults that software and people make, mended one after the other until the text is a date.
pub(super) fn repair(text: &str) -> Option<Repair> {
    if text.trim().is_empty() {
        return Some(Repair { faults: vec!["La date est vide."], meant: None });
    }
    let mut faults = Vec::new();
    let text = without_zone_name(text, &mut faults);
    let (date, rest) = text.split_once(['T', 't', ' '])?;
    if !text.contains('T') {
        faults.push("La date et l’heure se séparent par un « T » majuscule.");
    }
    let rest = rest.trim_start_matches(is_blank);
    let zone_at = rest.find(['Z', 'z', '+', '-']).unwrap_or(rest.len());
    let (clock, zone) = rest.split_at_checked(zone_at)?;
    let clock = whole_clock(clock.trim_end_matches(is_blank), &mut faults);
    let zone = whole_zone(zone, &mut faults);
    let meant = format!("{date}T{clock}{}", zone.as_deref().unwrap_or("Z"));
    (!faults.is_empty() && parse(&meant).is_some()).then(|| Repair { faults, meant: zone.map(|_| meant) })
}

/// The date without the name of its zone in brackets, which Java and RFC 9557 write behind the offset.
fn without_zone_name<'x>(text: &'x str, faults: &mut Vec<&'static str>) -> &'x str {
    let named = text.trim_end().strip_suffix(']').and_then(|text| text.rsplit_once('['));
    let Some((bare, _)) = named else { return text };
    faults.push("Le nom de la zone entre crochets n’est pas admis : seul le décalage s’écrit, comme +01:00.");
    bare.trim_end()
}

/// The hour, with the seconds that some software leaves out when they are zero.
fn whole_clock(clock: &str, faults: &mut Vec<&'static str>) -> String {
    let mut clock = clock.to_owned();
    if clock.contains(',') {
        faults.push("Les fractions de seconde se séparent par un point.");
        clock = clock.replace(',', ".");
    }
    if clock.len() == "07:50".len() && parts::<2>(&clock, ':').is_some() {
        faults.push("Les secondes manquent : elles s’écrivent toujours, même à 00.");
        clock.push_str(":00");
    }
    clock
}

/// The zone, with the colon between its hours and its minutes; `None` if there is none.
fn whole_zone(zone: &str, faults: &mut Vec<&'static str>) -> Option<String> {
    let digits = zone.get(1..).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
    match (zone, digits) {
        ("", _) => {
            faults.push("Le fuseau horaire manque : +01:00 en métropole l’hiver, +02:00 l’été.");
            None
        }
        ("z", _) => {
            faults.push("Le « Z » du temps universel s’écrit en majuscule.");
            Some("Z".to_owned())
        }
        (_, Some(digits)) if digits.len() == 4 => {
            faults.push("Les heures et les minutes du fuseau se séparent par deux points.");
            Some(format!("{}:{}", zone.get(..3)?, zone.get(3..)?))
        }
        (_, Some(digits)) if digits.len() == 2 => {
            faults.push("Les minutes du fuseau manquent.");
            Some(format!("{zone}:00"))
        }
        _ => Some(zone.to_owned()),
    }
}

fn civil(date: Date, time: &str) -> Option<DateTime> {
    let (clock, fraction) = time.split_once('.').map_or((time, None), |(clock, fraction)| (clock, Some(fraction)));
    let nanosecond = fraction.map_or(Some(0), nanoseconds)?;
    let [hour, minute, second] = parts(clock, ':')?;
    if hour == 24 {
        let midnight =
            minute == 0 && second == 0 && fraction.is_none_or(|digits| digits.bytes().all(|digit| digit == b'0'));
        return midnight.then(|| date.tomorrow().ok())?.map(|next| next.to_datetime(Time::midnight()));
    }
    let time = Time::new(small(hour)?, small(minute)?, small(second)?, nanosecond).ok()?;
    Some(date.to_datetime(time))
}

fn date_of(text: &str) -> Option<Date> {
    let (year, rest) = text.split_at_checked(4)?;
    let [month, day] = parts(rest.strip_prefix('-')?, '-')?;
    let year = i16::try_from(digits(year)?).ok().filter(|year| *year > 0)?;
    Date::new(year, small(month)?, small(day)?).ok()
}

fn offset(zone: &str) -> Option<Offset> {
    let (sign, clock) = match zone.split_at_checked(1)? {
        ("Z", "") => return Some(Offset::UTC),
        ("+", clock) => (1, clock),
        ("-", clock) => (-1, clock),
        _ => return None,
    };
    let [hours, minutes] = parts(clock, ':')?;
    let legal = (hours < 14 && minutes < 60) || (hours == 14 && minutes == 0);
    let seconds = i32::try_from(hours * 3600 + minutes * 60).ok().filter(|_| legal)?;
    Offset::from_seconds(sign * seconds).ok()
}

/// Exactly `N` numbers of two digits.
fn parts<const N: usize>(text: &str, separator: char) -> Option<[u32; N]> {
    let two = |part: &str| (part.len() == 2).then(|| digits(part)).flatten();
    let numbers: Option<Vec<u32>> = text.split(separator).map(two).collect();
    numbers?.try_into().ok()
}

fn digits(text: &str) -> Option<u32> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

fn small(number: u32) -> Option<i8> {
    i8::try_from(number).ok()
}

fn nanoseconds(fraction: &str) -> Option<i32> {
    let all_digits = !fraction.is_empty() && fraction.bytes().all(|byte| byte.is_ascii_digit());
    let kept = fraction.get(..fraction.len().min(9)).filter(|_| all_digits)?;
    format!("{kept:0<9}").parse().ok()
}
