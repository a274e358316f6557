//! The log's lines as JSON.
//!
//! The subscriber's own formatter keeps the fields of a span as JSON text, and reads and writes all of it again for each
//! field that is recorded later and for each line; this one only appends. What a reader would get wrong: so a field of
//! a span may be recorded once, or it would stand there twice.

mod sink;

use std::fmt::{self, Write};

use tracing::{Event, Subscriber, field};
use tracing_subscriber::{
    field::{MakeVisitor, VisitFmt, VisitOutput},
    fmt::{
        FmtContext, FormatEvent, FormatFields, FormattedFields,
        format::Writer,
        time::{FormatTime, SystemTime},
    },
    registry::LookupSpan,
};

pub(crate) use self::sink::Sink;

/// A line: time, level, the event's fields, target, and the span that it belongs to with its fields.
pub(crate) struct JsonLine;

impl<S, N> FormatEvent<S, N> for JsonLine
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'writer> FormatFields<'writer> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut line: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let metadata = event.metadata();
        line.write_str("{\"timestamp\":\"")?;
        SystemTime.format_time(&mut line)?;
        line.write_str("\",\"level\":\"")?;
        line.write_str(metadata.level().as_str())?;
        line.write_char('"')?;
        context.format_fields(line.by_ref(), event)?;
        line.write_str(",\"target\":\"")?;
        Escaped(&mut line).write_str(metadata.target())?;
        line.write_char('"')?;
        if let Some(span) = context.parent_span() {
            line.write_str(",\"span\":{\"name\":\"")?;
            line.write_str(span.name())?;
            line.write_char('"')?;
            if let Some(fields) = span.extensions().get::<FormattedFields<N>>() {
                line.write_str(fields)?;
            }
            line.write_char('}')?;
        }
        line.write_str("}\n")
    }
}

/// Writes fields as `,"name":value`.
pub(crate) struct JsonMembers;

impl<'writer> MakeVisitor<Writer<'writer>> for JsonMembers {
    type Visitor = Members<'writer>;

    fn make_visitor(&self, writer: Writer<'writer>) -> Members<'writer> {
        Members { writer, result: Ok(()) }
    }
}

pub(crate) struct Members<'writer> {
    writer: Writer<'writer>,
    result: fmt::Result,
}

impl Members<'_> {
    fn member(&mut self, field: &field::Field, value: impl FnOnce(&mut Writer<'_>) -> fmt::Result) {
        if self.result.is_ok() {
            let name = field.name();
            let name = name.strip_prefix("r#").unwrap_or(name);
            self.result = self.begin(name).and_then(|()| value(&mut self.writer));
        }
    }

    /// Piece by piece, since a format string costs more than all it would write here.
    fn begin(&mut self, name: &str) -> fmt::Result {
        self.writer.write_str(",\"")?;
        self.writer.write_str(name)?;
        self.writer.write_str("\":")
    }

    fn text(
        &mut self,
        field: &field::Field,
        write: impl FnOnce(&mut Escaped<&mut Writer<'_>>) -> fmt::Result,
    ) {
        self.member(field, |writer| {
            writer.write_char('"')?;
            write(&mut Escaped(&mut *writer))?;
            writer.write_char('"')
        });
    }
}

impl field::Visit for Members<'_> {
    fn record_f64(&mut self, field: &field::Field, value: f64) {
        // JSON has no word for what is no number.
        self.member(field, |writer| {
            if value.is_finite() { write!(writer, "{value}") } else { writer.write_str("null") }
        });
    }

    fn record_i64(&mut self, field: &field::Field, value: i64) {
        self.member(field, |writer| write!(writer, "{value}"));
    }

    fn record_u64(&mut self, field: &field::Field, value: u64) {
        self.member(field, |writer| write!(writer, "{value}"));
    }

    fn record_bool(&mut self, field: &field::Field, value: bool) {
        self.member(field, |writer| write!(writer, "{value}"));
    }

    fn record_str(&mut self, field: &field::Field, value: &str) {
        self.text(field, |writer| writer.write_str(value));
    }

    fn record_debug(&mut self, field: &field::Field, value: &dyn fmt::Debug) {
        self.text(field, |writer| write!(writer, "{value:?}"));
    }
}

impl VisitOutput<fmt::Result> for Members<'_> {
    fn finish(self) -> fmt::Result {
        self.result
    }
}

impl VisitFmt for Members<'_> {
    fn writer(&mut self) -> &mut dyn Write {
        &mut self.writer
    }
}

/// What is written becomes the inside of a JSON string (RFC 8259 §7).
struct Escaped<W>(W);

impl<W: Write> Write for Escaped<W> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let is_special = |byte: u8| byte < b' ' || byte == b'"' || byte == b'\\';
        // Nearly always; without a way out in the middle the compiler looks at many bytes at once.
        if !text.bytes().fold(false, |any, byte| any | is_special(byte)) {
            return self.0.write_str(text);
        }
        let mut plain = 0;
        for (at, byte) in text.bytes().enumerate() {
            if !is_special(byte) {
                continue;
            }
            // Such a byte is a character of its own, so these are boundaries.
            self.0.write_str(text.get(plain..at).unwrap_or_default())?;
            match byte {
                b'"' => self.0.write_str("\\\"")?,
                b'\\' => self.0.write_str("\\\\")?,
                b'\n' => self.0.write_str("\\n")?,
                _ => write!(self.0, "\\u{byte:04x}")?,
            }
            plain = at + 1;
        }
        self.0.write_str(text.get(plain..).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io,
        sync::{Arc, Mutex},
    };

    use serde_json::{Value, json};
    use tracing::field::Empty;

    use super::*;

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// What is logged, each line without its time.
    fn logged(log: impl FnOnce()) -> Vec<Value> {
        let written = Written::default();
        let writer = written.clone();
        let subscriber = tracing_subscriber::fmt()
            .event_format(JsonLine)
            .fmt_fields(JsonMembers)
            .with_writer(move || writer.clone())
            .finish();
        tracing::subscriber::with_default(subscriber, log);
        let text = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
        let line = |line: &str| {
            let mut line: Value =
                serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
            let time = line.as_object_mut().unwrap().remove("timestamp").unwrap();
            assert!(chrono::DateTime::parse_from_rfc3339(time.as_str().unwrap()).is_ok());
            line
        };
        text.lines().map(line).collect()
    }

    #[test]
    fn a_line_has_its_fields_and_those_of_its_span_whenever_they_were_recorded() {
        let lines = logged(|| {
            let span = tracing::info_span!("request", request.id = "1", org.id = Empty, user.id = Empty);
            span.record("org.id", "o");
            span.record("user.id", "u");
            span.in_scope(|| {
                tracing::info!(
                    http.status = 200_u16,
                    duration_ms = 0.5,
                    ok = true,
                    left = -1,
                    r#type = "t",
                    "done"
                );
            });
            tracing::info!(parent: &span, "after it");
            tracing::warn!(worst = f64::NAN);
        });
        let target = module_path!();
        let span = json!({ "name": "request", "request.id": "1", "org.id": "o", "user.id": "u" });
        let first = json!({ "level": "INFO", "message": "done", "http.status": 200, "duration_ms": 0.5, "ok": true,
                            "left": -1, "type": "t", "target": target, "span": span.clone() });
        let second = json!({ "level": "INFO", "message": "after it", "target": target, "span": span });
        assert_eq!(lines, [first, second, json!({ "level": "WARN", "worst": null, "target": target })]);
    }

    #[test]
    fn whatever_is_logged_stays_in_its_string() {
        let all: String = (0..=0x2ff).filter_map(char::from_u32).collect();
        let evil = format!("\",\"level\":\"ERROR\"}}\n{{\"a\":\"\\{all}\u{2028}");
        let lines = logged(|| {
            let span = tracing::info_span!("request", path = evil);
            let _entered = span.enter();
            tracing::info!(path = %evil, debug = ?evil, "{evil}");
        });
        let [line] = lines.as_slice() else { panic!("{} lines", lines.len()) };
        assert_eq!(line["path"], json!(evil));
        assert_eq!(line["message"], json!(evil));
        assert_eq!(line["debug"], json!(format!("{evil:?}")));
        assert_eq!(line["span"]["path"], json!(evil));
        assert_eq!(line["level"], "INFO");
    }
}
