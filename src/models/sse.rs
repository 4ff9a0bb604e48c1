//! Lenient parser of server-sent events.
//!
//! It accepts a byte order mark, broken UTF-8, every kind of line end, a last event without an empty
//! line after it, events without any between them, errors in `event: error` and in a field `error:`,
//! and plain JSON instead of a stream, in front of it, or between its events.

use super::error::ModelErrorKind;
use serde::de::IgnoredAny;

/// The longest line that is taken, in bytes.
const LINE_LIMIT: usize = 1 << 20;

/// The longest JSON that stands in a stream without being an event's data, in bytes. Each of its lines may
/// be its last one, so it is read again and again.
const BARE_LIMIT: usize = 16 << 10;

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// An item of the stream.
#[derive(Debug, PartialEq)]
pub(crate) enum SseItem {
    /// The data of one event; its lines are parted by `\n`.
    Event(String),
    /// The data of an event that is named an error.
    Error(String),
    /// The end that servers announce with `data: [DONE]`.
    Done,
}

/// Splits a stream into lines and the lines into events. Comments, empty events, ids and names are
/// left out.
#[derive(Default)]
pub(crate) struct SseParser {
    shape: Shape,
    /// The beginning of a line whose end has not come.
    line: Vec<u8>,
    /// The line before ended in a carriage return: a line feed now belongs to it.
    after_return: bool,
    lines: usize,
    /// The data of the event so far.
    data: String,
    name: String,
    /// A name that came behind data: of this event, or of one that begins without an empty line before it.
    name_behind: String,
    /// The lines so far of JSON that is no event's data.
    bare: String,
    /// True if there was any event; then, if there was any line that no event has.
    events: bool,
    stray: bool,
}

#[derive(Clone, Copy, Default, PartialEq)]
enum Shape {
    /// Nothing but white space so far.
    #[default]
    Unknown,
    Events,
    /// One JSON value instead of a stream: an error, or a whole reply.
    Json,
}

impl SseParser {
    /// Takes a packet and adds what it completes to `out`.
    ///
    /// # Errors
    /// `Garbled` for a web page and `TooLarge` for a line without an end; nothing can follow then.
    pub(crate) fn take(
        &mut self,
        mut packet: &[u8],
        out: &mut Vec<SseItem>,
    ) -> Result<(), ModelErrorKind> {
        if self.shape == Shape::Unknown {
            self.look_at(packet)?;
        }
        if self.shape == Shape::Json {
            self.line.extend_from_slice(packet);
            self.lines += packet.iter().filter(|b| **b == b'\n').count();
            return Ok(());
        }
        while let Some((&first, after)) = packet.split_first() {
            if std::mem::take(&mut self.after_return) && first == b'\n' {
                packet = after;
                continue;
            }
            let end = packet.iter().position(|b| matches!(b, b'\n' | b'\r'));
            let part = &packet[..end.unwrap_or(packet.len())];
            if self.line.len() + part.len() > LINE_LIMIT {
                return Err(ModelErrorKind::TooLarge);
            }
            let Some(end) = end else {
                self.line.extend_from_slice(part);
                break;
            };
            if self.line.is_empty() {
                self.end_line(part, out);
            } else {
                let mut line = std::mem::take(&mut self.line);
                line.extend_from_slice(part);
                self.end_line(&line, out);
            }
            self.after_return = packet[end] == b'\r';
            packet = &packet[end + 1..];
        }
        Ok(())
    }

    /// The stream ended: what is still held counts as complete.
    ///
    /// # Errors
    /// `Garbled` if there were only lines that have nothing to do with a stream of events.
    pub(crate) fn end(&mut self, out: &mut Vec<SseItem>) -> Result<(), ModelErrorKind> {
        if self.shape == Shape::Json {
            let json = std::mem::take(&mut self.line);
            let json = json.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&json);
            self.end_json(&String::from_utf8_lossy(json), out);
            return Ok(());
        }
        let line = std::mem::take(&mut self.line);
        if !line.is_empty() {
            self.end_line(&line, out);
        }
        self.end_event(out);
        if self.stray && !self.events {
            Err(ModelErrorKind::Garbled)
        } else {
            Ok(())
        }
    }

    /// Ends what began as JSON: one value, several of them, or one with a stream behind it.
    fn end_json(&mut self, json: &str, out: &mut Vec<SseItem>) {
        // A line break inside JSON stands between its parts, never in its texts.
        let one_line = |json: &str| json.replace(['\n', '\r'], " ");
        let mut values = serde_json::Deserializer::from_str(json).into_iter::<IgnoredAny>();
        let mut read = 0;
        while let Some(Ok(_)) = values.next() {
            let end = values.byte_offset();
            out.push(SseItem::Event(one_line(&json[read..end])));
            read = end;
        }
        let rest = &json[read..];
        if read == 0 {
            out.push(SseItem::Event(one_line(rest)));
        } else {
            for line in rest.split(['\n', '\r']) {
                self.end_line(line.as_bytes(), out);
            }
            self.end_event(out);
        }
        out.push(SseItem::Done);
    }

    /// Counts the lines that have ended so far. A server that sends a byte now and then does not
    /// move it.
    pub(crate) fn lines(&self) -> usize {
        self.lines
    }

    /// Finds what the answer is by its first character, which tells it more surely than its content
    /// type, which many servers forget.
    fn look_at(&mut self, packet: &[u8]) -> Result<(), ModelErrorKind> {
        let mut marked = self
            .line
            .iter()
            .chain(packet)
            .copied()
            .filter(|b| !b.is_ascii_whitespace());
        self.shape = match marked.find(|b| !BYTE_ORDER_MARK.contains(b)) {
            None => Shape::Unknown,
            Some(b'<') => return Err(ModelErrorKind::Garbled),
            Some(b'{' | b'[') => Shape::Json,
            Some(_) => Shape::Events,
        };
        Ok(())
    }

    fn end_line(&mut self, line: &[u8], out: &mut Vec<SseItem>) {
        let first = self.lines == 0;
        let line = line
            .strip_prefix(BYTE_ORDER_MARK)
            .filter(|_| first)
            .unwrap_or(line);
        self.lines += 1;
        // Whole lines hold whole characters; what is not UTF-8 even then becomes a replacement character.
        let line = String::from_utf8_lossy(line);
        if self.take_bare(&line, out) {
            return;
        }
        let (field, value) = line.split_once(':').unwrap_or((&line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field.trim() {
            "data" | "Data" | "DATA" => self.take_data(value, out),
            "event" if self.data.is_empty() => self.name = value.to_owned(),
            "event" => self.name_behind = value.to_owned(),
            "error" => {
                self.end_event(out);
                self.events = true;
                if !matches!(
                    value.trim(),
                    "" | "null" | "none" | "false" | "{}" | "[]" | "\"\""
                ) {
                    out.push(SseItem::Error(value.to_owned()));
                }
            }
            "" if line.is_empty() => self.end_event(out),
            "" | "id" | "retry" => {}
            _ => self.stray = true,
        }
    }

    /// Takes a line of data. Behind JSON that is whole it is another event's: some servers part their events
    /// by nothing.
    fn take_data(&mut self, value: &str, out: &mut Vec<SseItem>) {
        if !self.data.is_empty() {
            let is_whole = self.data.starts_with(['{', '['])
                && !self.data.contains('\n')
                && serde_json::from_str::<IgnoredAny>(&self.data).is_ok();
            if is_whole {
                let name = std::mem::take(&mut self.name_behind);
                self.end_event(out);
                self.name = name;
            } else {
                self.data.push('\n');
            }
        }
        self.data.push_str(value);
    }

    /// Takes a line of JSON that is no event's data, as errors come. False if it is none.
    fn take_bare(&mut self, line: &str, out: &mut Vec<SseItem>) -> bool {
        let begins = self.data.is_empty() && line.trim_start().starts_with(['{', '[']);
        if self.bare.is_empty() && !begins {
            return false;
        }
        if self.bare.len() + line.len() > BARE_LIMIT {
            self.bare.clear();
            self.stray = true;
            return false;
        }
        self.bare.push_str(line);
        self.bare.push(' ');
        let may_end = line.trim_end().ends_with(['}', ']']);
        if may_end && serde_json::from_str::<IgnoredAny>(&self.bare).is_ok() {
            self.events = true;
            out.push(SseItem::Event(std::mem::take(&mut self.bare)));
        } else if line.starts_with("data:") {
            // It was none.
            self.bare.clear();
            self.stray = true;
            return false;
        }
        true
    }

    fn end_event(&mut self, out: &mut Vec<SseItem>) {
        let mut name = std::mem::take(&mut self.name);
        if !self.name_behind.is_empty() {
            name = std::mem::take(&mut self.name_behind);
        }
        let data = std::mem::take(&mut self.data);
        if data.trim().is_empty() {
            return;
        }
        self.events = true;
        out.push(if name == "error" {
            SseItem::Error(data)
        } else if data
            .lines()
            .any(|line| line.trim().trim_matches('"') == "[DONE]")
        {
            SseItem::Done
        } else {
            SseItem::Event(data)
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mended(packets: &[&[u8]]) -> Result<Vec<SseItem>, ModelErrorKind> {
        let (mut mender, mut out) = (SseParser::default(), vec![]);
        for packet in packets {
            mender.take(packet, &mut out)?;
        }
        mender.end(&mut out)?;
        Ok(out)
    }

    fn event(data: &str) -> SseItem {
        SseItem::Event(data.into())
    }

    #[test]
    fn lines_end_in_three_ways_and_anywhere() {
        for stream in [
            "data: a\n\ndata: b\n\n",
            "data: a\r\n\r\ndata: b\r\n\r\n",
            "data:a\r\rdata:b\r\r",
            "\n\ndata: a\n\ndata: b",
        ] {
            let whole = mended(&[stream.as_bytes()]);
            assert_eq!(whole, Ok(vec![event("a"), event("b")]), "{stream:?}");
            let bytes: Vec<&[u8]> = stream.as_bytes().chunks(1).collect();
            assert_eq!(mended(&bytes), whole, "{stream:?} in single bytes");
        }
    }

    #[test]
    fn only_data_comes_through() {
        let stream = b"\xEF\xBB\xBF: hello\nid: 7\nretry: 1\nevent: message\ndata: a\n\ndata:\n\n:\n\ndata: [DONE]\n\n";
        assert_eq!(mended(&[stream]), Ok(vec![event("a"), SseItem::Done]));
        assert_eq!(
            mended(&[b"\xEF", b"\xBB\xBFdata: a\n\n"]),
            Ok(vec![event("a")])
        );
        assert_eq!(
            mended(&[b"event: error\ndata: boom\n\n"]),
            Ok(vec![SseItem::Error("boom".into())])
        );
        assert_eq!(mended(&[b"data: {\ndata: }\n\n"]), Ok(vec![event("{\n}")]));
    }

    #[test]
    fn events_need_no_empty_line_between_them() {
        let error = |data: &str| SseItem::Error(data.into());
        for (stream, expected) in [
            (
                "data: {\"a\":1}\ndata: {\"a\":2}\ndata: [DONE]\n",
                vec![event("{\"a\":1}"), event("{\"a\":2}"), SseItem::Done],
            ),
            (
                "data: {\"a\":1}\n \ndata: {\"a\":2}\n \n",
                vec![event("{\"a\":1}"), event("{\"a\":2}")],
            ),
            (
                "id: 1\nevent: a\ndata: {}\nid: 2\nevent: error\ndata: {}\nevent: a\ndata: []\n",
                vec![event("{}"), error("{}"), event("[]")],
            ),
            ("data: {}\nevent: error\n\n", vec![error("{}")]),
            ("DATA : {}\n  data: {}\n", vec![event("{}"), event("{}")]),
            // One event's lines.
            (
                "data: {\ndata: \"a\": {}\ndata: }\n\n",
                vec![event("{\n\"a\": {}\n}")],
            ),
            ("data: a\ndata: b\n\n", vec![event("a\nb")]),
        ] {
            assert_eq!(mended(&[stream.as_bytes()]), Ok(expected), "{stream:?}");
        }
    }

    #[test]
    fn an_event_is_told_as_soon_as_another_begins() {
        let (mut mender, mut out) = (SseParser::default(), vec![]);
        mender.take(b"data: {}\ndata: {\"a\"", &mut out).unwrap();
        mender.take(b":1}\ndata: {", &mut out).unwrap();
        assert_eq!(out, [event("{}")]);
        mender.take(b"}\n", &mut out).unwrap();
        assert_eq!(out, [event("{}"), event("{\"a\":1}")]);
    }

    #[test]
    fn broken_characters_are_replaced() {
        assert_eq!(
            mended(&[b"data: a\xFFb\n\n"]),
            Ok(vec![event("a\u{fffd}b")])
        );
        assert_eq!(
            mended(&[b"data: \xEA\xB0", b"\x80\n\n"]),
            Ok(vec![event("가")])
        );
    }

    #[test]
    fn json_is_one_event() {
        let json = mended(&[b"\xEF\xBB\xBF {\n  \"a\":", b" 1\r\n}\n"]);
        assert_eq!(json, Ok(vec![event(" {   \"a\": 1  }"), SseItem::Done]));
    }

    #[test]
    fn json_may_come_in_several_values_or_with_a_stream_behind_it() {
        assert_eq!(
            mended(&[b"{\"a\":1}\n{\"a\":", b"2}\n"]),
            Ok(vec![event("{\"a\":1}"), event(" {\"a\":2}"), SseItem::Done])
        );
        assert_eq!(
            mended(&[b"{\"error\":1}\n\ndata: [DONE]\n\n"]),
            Ok(vec![event("{\"error\":1}"), SseItem::Done, SseItem::Done])
        );
    }

    #[test]
    fn errors_stand_beside_events_too() {
        let error = |data: &str| SseItem::Error(data.into());
        for stream in [
            "data: a\n\nerror: {\"code\":400}\n\ndata: [DONE]\n\n",
            "data: a\nerror: {\"code\":400}\ndata: [DONE]\n\n",
        ] {
            let expected = vec![event("a"), error("{\"code\":400}"), SseItem::Done];
            assert_eq!(mended(&[stream.as_bytes()]), Ok(expected), "{stream:?}");
        }
        for nothing in ["", "null", "{}", "\"\""] {
            let stream = format!("error: {nothing}\n\n");
            assert_eq!(mended(&[stream.as_bytes()]), Ok(vec![]), "{stream:?}");
        }
        for bare in [
            "{\"error\":{\"a\":[1]}}",
            "[{\"error\":1}]",
            "{\n \"error\": {\n }\n}",
        ] {
            let stream = format!(": hello\n\n{bare}\n\ndata: a\n\n");
            let data = bare.replace('\n', " ") + " ";
            assert_eq!(
                mended(&[stream.as_bytes()]),
                Ok(vec![event(&data), event("a")]),
                "{bare}"
            );
        }
        let endless = format!(": hello\n\n[{}\ndata: a\n\n", "[\n".repeat(BARE_LIMIT));
        assert_eq!(mended(&[endless.as_bytes()]), Ok(vec![event("a")]));
    }

    #[test]
    fn what_is_no_stream_is_garbled() {
        assert_eq!(mended(&[b"\n <html>"]), Err(ModelErrorKind::Garbled));
        assert_eq!(
            mended(&[b"Internal Server Error"]),
            Err(ModelErrorKind::Garbled)
        );
        assert_eq!(mended(&[]), Ok(vec![]));
        assert_eq!(mended(&[b": ping\n\n"]), Ok(vec![]));
    }

    #[test]
    fn a_line_has_an_end() {
        let packet = vec![b'x'; LINE_LIMIT / 2];
        assert_eq!(
            mended(&[&packet, &packet, b"x"]),
            Err(ModelErrorKind::TooLarge)
        );
    }
}
