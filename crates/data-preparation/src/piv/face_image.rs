//! The holder's face: a JPEG in a face record (INCITS 385) behind a biometric header (CBEFF), as SP 800-76 has it for
//! tag BC of the facial image.
//!
//! The signature that SP 800-76 asks for behind the record is a content signer's, and there is none here: the header says
//! that nothing is signed, which validators of federal cards refuse, and readers of the picture do not mind.

use cardwright_apdu::tlv;

use super::{FascN, Unfit};
use crate::Date;

/// Bytes of the biometric header, of the record's header, and of what comes before the picture.
const HEADER: usize = 88;
const RECORD_HEADER: usize = 14;
const BEFORE_PICTURE: usize = RECORD_HEADER + 20 + 12;

/// What a face record begins with: its format, and version 1.0.
const RECORD_FORMAT: &[u8] = b"FAC\x00010\x00";

/// The longest value of tag BC (SP 800-73-5 part 1 Appendix A).
const LONGEST: usize = 12_704;

/// A face, and what the header says about it.
#[derive(Clone, Copy)]
pub struct FaceRecord<'a> {
    /// a JPEG of at most 12,570 bytes
    pub picture: &'a [u8],
    /// the day it was taken, or came in
    pub created: Date,
    /// the first day that it may be used on
    pub valid_from: Date,
    /// the last day
    pub valid_to: Date,
    /// who made the record: 1 to 17 ASCII characters
    pub creator: &'a str,
    /// the card's number
    pub number: FascN,
}

fn unfit(reason: &'static str, remedy: &'static str) -> Unfit {
    Unfit { element: "face image (5FC108)", reason, remedy }
}

/// Why `picture` goes into no face record.
pub(crate) fn face_fault(picture: &[u8]) -> Option<Unfit> {
    size(picture).err()
}

/// Width and height of a picture that goes into a face record.
fn size(picture: &[u8]) -> Result<(u16, u16), Unfit> {
    let found = jpeg_size(picture);
    let found = found.ok_or(unfit("the photo is no JPEG (face records take no PNG)", "save the image as JPEG"))?;
    if HEADER + BEFORE_PICTURE + picture.len() > LONGEST {
        return Err(unfit("the photo is longer than 12570 bytes", "make the image smaller"));
    }
    Ok(found)
}

/// What stands inside tag 53 of the face image: `BC` header and record, `FE`.
///
/// # Errors
/// A picture that is no JPEG, has no size, or is too long; a creator that does not fit.
pub fn face_image(face: &FaceRecord<'_>) -> Result<Vec<u8>, Unfit> {
    let (width, height) = size(face.picture)?;
    if !(1..=17).contains(&face.creator.len()) || !face.creator.bytes().all(|byte| (0x20..0x7F).contains(&byte)) {
        return Err(unfit("the creator is not 1 to 17 ASCII characters", "shorten it"));
    }
    let length = (BEFORE_PICTURE + face.picture.len()) as u32;
    let mut record = Vec::with_capacity(HEADER + length as usize);
    write_header(&mut record, face, length);
    write_record(&mut record, face.picture, length, width, height);
    let mut object = Vec::with_capacity(record.len() + 6);
    tlv::write(&mut object, 0xBC, &record);
    tlv::write(&mut object, 0xFE, &[]);
    zeroize::Zeroize::zeroize(&mut record);
    Ok(object)
}

/// The biometric header: version 3, not signed, lengths, format (INCITS 385 face), days, type face, raw, quality not
/// measured, creator, number.
fn write_header(out: &mut Vec<u8>, face: &FaceRecord<'_>, length: u32) {
    out.extend_from_slice(&[0x03, 0x00]);
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(&[0x00, 0x00]); // no signature
    out.extend_from_slice(&[0x00, 0x1B, 0x05, 0x01]);
    for (date, time) in [(face.created, [0, 0, 0]), (face.valid_from, [0, 0, 0]), (face.valid_to, [23, 59, 59])] {
        let (year, month, day) = date.parts();
        out.extend_from_slice(&[(year / 100) as u8, (year % 100) as u8, month, day]);
        out.extend_from_slice(&time);
        out.push(b'Z');
    }
    out.extend_from_slice(&[0x00, 0x00, 0x02, 0x20, 0xFE]);
    let mut creator = [0; 18];
    creator[..face.creator.len()].copy_from_slice(face.creator.as_bytes());
    out.extend_from_slice(&creator);
    out.extend_from_slice(&face.number.to_bytes());
    out.extend_from_slice(&[0; 4]);
}

/// The face record: header, one face of which nothing is said, one full frontal JPEG in sRGB from an unknown camera.
fn write_record(out: &mut Vec<u8>, picture: &[u8], length: u32, width: u16, height: u16) {
    out.extend_from_slice(RECORD_FORMAT);
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(&1u16.to_be_bytes());
    out.extend_from_slice(&(length - RECORD_HEADER as u32).to_be_bytes());
    out.extend_from_slice(&[0; 16]); // feature points, gender, eyes, hair, properties, expression, pose and its doubt
    out.extend_from_slice(&[0x01, 0x00]); // full frontal, JPEG
    out.extend_from_slice(&width.to_be_bytes());
    out.extend_from_slice(&height.to_be_bytes());
    out.extend_from_slice(&[0x01, 0x02, 0x00, 0x00, 0x00, 0x00]); // sRGB, camera; device and quality unknown
    out.extend_from_slice(picture);
}

/// Width and height of a JPEG, out of its frame header (ISO/IEC 10918-1 §B.2.2).
#[must_use]
pub fn jpeg_size(picture: &[u8]) -> Option<(u16, u16)> {
    let mut rest = picture.strip_prefix(&[0xFF, 0xD8])?;
    loop {
        let [0xFF, marker, high, low, ..] = *rest else { return None };
        let length = usize::from(u16::from_be_bytes([high, low]));
        let segment = rest.get(4..2 + length)?;
        match marker {
            // a frame: precision, height, width; C4, C8 and CC are other things
            0xC0..=0xCF if !matches!(marker, 0xC4 | 0xC8 | 0xCC) => {
                let [_, height_high, height_low, width_high, width_low, ..] = *segment else { return None };
                let size = (u16::from_be_bytes([width_high, width_low]), u16::from_be_bytes([height_high, height_low]));
                return (size.0 > 0 && size.1 > 0).then_some(size);
            }
            0xDA | 0xD9 => return None,
            _ => rest = rest.get(2 + length..)?,
        }
    }
}

/// Reads a value of tag BC; the number of the card that it belongs to. `None` where a length, a format or the picture is
/// wrong.
pub(crate) fn read_face_record(record: &[u8]) -> Option<FascN> {
    let (header, body) = record.split_at_checked(HEADER)?;
    let length = u32::try_from(body.len()).ok()?.to_be_bytes();
    let right = header[..2] == [0x03, 0x00] && header[2..6] == length && header[6..12] == [0, 0, 0, 0x1B, 5, 1];
    let (before, picture) = body.split_at_checked(BEFORE_PICTURE)?;
    let framed = before.starts_with(RECORD_FORMAT) && before[8..12] == length && before[12..14] == [0, 1];
    let (width, height) = jpeg_size(picture)?;
    let sized = before[36..38] == width.to_be_bytes() && before[38..40] == height.to_be_bytes();
    (right && framed && sized).then(|| FascN::from_bytes(header[59..84].try_into().ok()?))?
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// The frame of a JPEG of 240 by 320 points, and 100 bytes of its picture.
    pub(crate) fn jpeg() -> Vec<u8> {
        let frame = [0xFF, 0xC0, 0x00, 0x0B, 0x08, 0x01, 0x40, 0x00, 0xF0, 0x01, 0x01, 0x11, 0x00];
        [&[0xFF, 0xD8, 0xFF, 0xE0, 0x00, 0x04, 0x4A, 0x46][..], &frame, &[0xFF, 0xDA, 0x00, 0x02], &[0x55; 100]]
            .concat()
    }

    fn face(picture: &[u8]) -> FaceRecord<'_> {
        let day = |year| Date::new(year, 1, 15).unwrap();
        let number = FascN::of_card("0032", "0001", "12345678").unwrap();
        FaceRecord { picture, created: day(2026), valid_from: day(2026), valid_to: day(2031), creator: "Lab", number }
    }

    #[test]
    fn the_record_reads_back_with_its_size_and_number() {
        let picture = jpeg();
        assert_eq!(jpeg_size(&picture), Some((240, 320)));
        let object = face_image(&face(&picture)).unwrap();
        let record = tlv::find(&object, 0xBC).unwrap().unwrap();
        assert_eq!(record.len(), 88 + 46 + picture.len());
        assert_eq!(record[12..20], [20, 26, 1, 15, 0, 0, 0, b'Z']);
        assert_eq!(read_face_record(record), Some(face(&picture).number));
        for place in [0, 1, 5, 7, 9, 11, 60, 89, 99, 88 + 37, 88 + 46] {
            let mut wrong = record.to_vec();
            wrong[place] ^= 1;
            assert_eq!(read_face_record(&wrong), None, "byte {place}");
        }
    }

    #[test]
    fn a_png_and_a_photo_that_is_too_long_are_refused() {
        let png = b"\x89PNG\r\n\x1A\n".to_vec();
        assert!(face_image(&face(&png)).unwrap_err().reason.contains("no JPEG"));
        let long = [jpeg(), vec![0; 12_500]].concat();
        assert!(face_image(&face(&long)).unwrap_err().reason.contains("12570"));
        let exact = [jpeg(), vec![0; 12_570 - jpeg().len()]].concat();
        assert!(face_image(&face(&exact)).is_ok());
        for broken in [&jpeg()[..10], &jpeg()[..4], &[0xFF, 0xD8, 0xFF, 0xDA, 0, 2, 0, 0]] {
            assert_eq!(jpeg_size(broken), None);
        }
    }
}
