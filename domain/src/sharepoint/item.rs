//! Files and folders, and the bytes of files.

use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, Utc};

use super::{DriveId, ItemId, SiteId};
use crate::graph::GraphError;

/// What an item is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ItemKind {
    File {
        mime_type: Option<String>,
    },
    Folder {
        child_count: Option<u64>,
    },
    /// Something that is many files and looks like one, such as a notebook.
    Package,
    /// In a list of changes: it is gone.
    Deleted,
    /// Microsoft did not say, or said something new.
    Other,
}

/// A file or folder.
#[derive(Clone, Debug)]
pub struct DriveItem {
    pub id: ItemId,
    /// The drive it is in, where Microsoft says so.
    pub drive_id: Option<DriveId>,
    /// The site that the drive belongs to, where Microsoft says so.
    pub site_id: Option<SiteId>,
    /// The folder it is in.
    pub parent_id: Option<ItemId>,
    pub kind: ItemKind,
    /// Absent for what is deleted.
    pub name: Option<String>,
    /// From the drive's root, with the name: `/Reports/2026.docx`.
    pub path: Option<String>,
    /// Where a person sees it; `http` or `https`.
    pub web_url: Option<String>,
    /// In bytes.
    pub size: Option<u64>,
    /// Changes with the item.
    pub etag: Option<String>,
    /// Changes with the bytes only; not for folders.
    pub content_tag: Option<String>,
    pub created_at: Option<DateTime<Utc>>,
    pub last_modified_at: Option<DateTime<Utc>>,
}

/// What became of a look for an item that somebody pointed to.
#[derive(Clone, Debug)]
pub enum ItemLookup {
    Found(Box<DriveItem>),
    /// Deleted, or it never was.
    Gone,
    /// The person may not see it.
    Denied,
    /// Microsoft did not say, this time.
    Unknown,
}

/// One part of a file, in bytes: `bytes=first-last`, `bytes=first-` or `bytes=-length` (RFC 9110 §14.1.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ByteRange {
    /// From a byte, counted from 0, to another one with it, or to the end.
    From(u64, Option<u64>),
    /// So many bytes at the end.
    Last(u64),
}

impl ByteRange {
    /// Reads the value of a `Range` header. `None` for what is to be ignored: another unit, several ranges, or
    /// something that is no range (RFC 9110 §14.2).
    pub fn parse(text: &str) -> Option<Self> {
        let number = |text: &str| -> Option<u64> {
            let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            digits.then(|| text.parse().ok())?
        };
        let (unit, range) = text.split_once('=')?;
        let (first, last) = range.trim().split_once('-')?;
        if !unit.trim().eq_ignore_ascii_case("bytes") {
            return None;
        }
        match (first, last) {
            ("", last) => number(last).map(Self::Last),
            (first, "") => number(first).map(|first| Self::From(first, None)),
            (first, last) => {
                let (first, last) = (number(first)?, number(last)?);
                (first <= last).then_some(Self::From(first, Some(last)))
            }
        }
    }

    /// The value of a `Range` header.
    pub fn header(self) -> String {
        match self {
            Self::From(first, Some(last)) => format!("bytes={first}-{last}"),
            Self::From(first, None) => format!("bytes={first}-"),
            Self::Last(length) => format!("bytes=-{length}"),
        }
    }
}

/// Where a part lies in its file, in bytes from 0: `bytes first-last/size` (RFC 9110 §14.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartPlace {
    first: u64,
    /// Of the part too; not before `first`.
    last: u64,
    /// Of the whole file, where that is known.
    size: Option<u64>,
}

impl PartPlace {
    /// Reads the value of a `Content-Range` header. `None` for what is no place in a file.
    pub fn parse(text: &str) -> Option<Self> {
        let number = |text: &str| -> Option<u64> {
            let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            digits.then(|| text.parse().ok())?
        };
        let (place, size) = text.strip_prefix("bytes ")?.split_once('/')?;
        let (first, last) = place.split_once('-')?;
        let (first, last) = (number(first)?, number(last)?);
        let size = if size == "*" { None } else { Some(number(size)?) };
        (first <= last && size.is_none_or(|size| last < size)).then_some(Self { first, last, size })
    }

    /// How many bytes the part has.
    pub fn length(self) -> u64 {
        (self.last - self.first).saturating_add(1)
    }

    /// Whether this is of the bytes that were asked for. There may be fewer of them (RFC 9110 §15.3.7).
    pub fn answers(self, asked: ByteRange) -> bool {
        match asked {
            ByteRange::From(first, last) => self.first == first && last.is_none_or(|last| self.last <= last),
            ByteRange::Last(length) => {
                self.length() <= length && self.size.is_none_or(|size| self.last.checked_add(1) == Some(size))
            }
        }
    }

    /// The value of a `Content-Range` header.
    pub fn header(self) -> String {
        let size = self.size.map_or_else(|| "*".to_owned(), |size| size.to_string());
        format!("bytes {}-{}/{size}", self.first, self.last)
    }
}

/// The bytes of a file as they come.
pub struct Content {
    /// What they are, as Microsoft has it.
    pub content_type: Option<String>,
    /// How many bytes come, where that is known.
    pub length: Option<u64>,
    /// Of a part: where it lies, which is where it was asked for. `None` for the whole.
    pub range: Option<PartPlace>,
    pub body: Box<dyn ContentBody>,
}

/// Bytes that are read one piece after the other, no faster than they are taken.
#[async_trait]
pub trait ContentBody: Send + Sync {
    /// The next piece; `None` at the end. After an error there is no more.
    async fn next(&mut self) -> Result<Option<Bytes>, GraphError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_range_of_bytes_is_read_and_said_again() {
        for (text, range) in [
            ("bytes=0-9", "bytes=0-9"),
            ("bytes=5-", "bytes=5-"),
            ("bytes=-5", "bytes=-5"),
            ("Bytes= 7-7", "bytes=7-7"),
        ] {
            assert_eq!(ByteRange::parse(text).map(ByteRange::header).as_deref(), Some(range), "{text}");
        }
    }

    #[test]
    fn a_part_is_where_it_says() {
        for (text, length) in [("bytes 0-9/100", 10), ("bytes 0-9/*", 10), ("bytes 99-99/100", 1)] {
            let place = PartPlace::parse(text).unwrap();
            assert_eq!((place.header().as_str(), place.length()), (text, length));
        }
        for text in [
            "",
            "bytes */100",
            "bytes 0-9",
            "bytes 9-0/100",
            "bytes 0-100/100",
            "items 0-9/100",
            "bytes a-b/c",
            "bytes 0-9/100\r\nx: y",
        ] {
            assert_eq!(PartPlace::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_part_is_what_was_asked_for() {
        for (asked, place, is_it) in [
            ("bytes=5-9", "bytes 5-9/100", true),
            ("bytes=5-200", "bytes 5-99/100", true),
            ("bytes=5-9", "bytes 5-7/*", true),
            ("bytes=5-9", "bytes 5-10/100", false),
            ("bytes=5-9", "bytes 4-9/100", false),
            ("bytes=5-", "bytes 5-99/100", true),
            ("bytes=5-", "bytes 0-99/100", false),
            ("bytes=-5", "bytes 95-99/100", true),
            ("bytes=-5", "bytes 95-99/*", true),
            ("bytes=-5", "bytes 0-4/100", false),
            ("bytes=-5", "bytes 94-99/100", false),
        ] {
            let read = (ByteRange::parse(asked).unwrap(), PartPlace::parse(place).unwrap());
            assert_eq!(read.1.answers(read.0), is_it, "{asked} {place}");
        }
    }

    #[test]
    fn what_is_no_single_range_of_bytes_is_ignored() {
        for text in [
            "",
            "bytes",
            "bytes=",
            "bytes=-",
            "bytes=a-b",
            "bytes=9-0",
            "bytes=0-1,3-4",
            "items=0-1",
            "bytes=+1-2",
            "bytes=0-99999999999999999999",
            "bytes=0-9\r\nauthorization: x",
            "bytes=1-2 3",
        ] {
            assert_eq!(ByteRange::parse(text), None, "{text:?}");
        }
    }
}
