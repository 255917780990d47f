//! Photos for orders: small portraits, drawn, as PNG files of a known size.

/// A portrait of `width` × `height` grey pixels, another for every `person`, as an uncompressed PNG (RFC 2083): its
/// length is `height × (width + 1)` and 85 bytes more for pictures below 64 KiB.
#[must_use]
pub fn portrait(person: u8, width: u32, height: u32) -> Vec<u8> {
    let pixels = (0..height).flat_map(|y| {
        let row = (0..width).map(move |x| shade(person, x * 200 / width, y * 240 / height));
        std::iter::once(0).chain(row)
    });
    let header = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[8, 0, 0, 0, 0]].concat();
    let picture = stored(&pixels.collect::<Vec<_>>());
    let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
    for (kind, content) in
        [(b"IHDR", &header), (b"tEXt", &b"Title\0portrait".to_vec()), (b"IDAT", &picture), (b"IEND", &Vec::new())]
    {
        let body = [&kind[..], content].concat();
        file.extend((content.len() as u32).to_be_bytes());
        file.extend(&body);
        file.extend(cyclic_redundancy(&body).to_be_bytes());
    }
    file
}

/// The smallest JPEG of one grey point, filled up: PIV cards take no PNG, and nobody looks at it here.
#[must_use]
pub fn portrait_jpeg() -> Vec<u8> {
    let mut photo = vec![0xFF, 0xD8, 0xFF, 0xE0, 0x00, 0x10];
    photo.extend_from_slice(b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0");
    // a frame header of 1 by 1 point (ISO/IEC 10918-1 B.2.2), and an end
    photo.extend_from_slice(&[0xFF, 0xC0, 0x00, 0x0B, 0x08, 0x00, 0x01, 0x00, 0x01, 0x01, 0x01, 0x11, 0x00]);
    photo.extend((0..900_u32).map(|at| (at * 7 % 251) as u8));
    photo.extend_from_slice(&[0xFF, 0xD9]);
    photo
}

/// The grey of one point of a picture of 200 × 240.
fn shade(person: u8, x: u32, y: u32) -> u8 {
    let within = |x0: i64, y0: i64, rx: i64, ry: i64| {
        let (dx, dy) = (i64::from(x) - x0, i64::from(y) - y0);
        dx * dx * ry * ry + dy * dy * rx * rx <= rx * rx * ry * ry
    };
    let tilt = i64::from(person % 5) * 4;
    if within(75, 100, 7, 5 + tilt / 2) || within(125, 100, 7, 5 + tilt / 2) || within(100, 150, 18 + tilt, 5) {
        40
    } else if within(100, 110, 50 + tilt, 65) {
        210 - 12 * (person % 7)
    } else if within(100, 85, 58 + tilt, 62) || within(100, 250, 90, 70) {
        60 + 25 * (person % 4)
    } else {
        235 - (y / 8) as u8
    }
}

/// zlib (RFC 1950) around one stored block (RFC 1951 §3.2.4) of at most 65,535 bytes.
fn stored(bytes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(bytes.len()).unwrap_or(u16::MAX);
    let bytes = &bytes[..usize::from(length)];
    let (low, high) = bytes.iter().fold((1, 0), |(low, high), byte| {
        let low = (low + u32::from(*byte)) % 65_521;
        (low, (high + low) % 65_521)
    });
    let checksum = (high << 16 | low).to_be_bytes();
    [&[0x78, 0x01, 0x01], &length.to_le_bytes()[..], &(!length).to_le_bytes(), bytes, &checksum].concat()
}

/// CRC-32 as PNG has it (RFC 2083 §15).
fn cyclic_redundancy(bytes: &[u8]) -> u32 {
    let step = |value: u32, _| if value & 1 == 1 { 0xEDB8_8320 ^ (value >> 1) } else { value >> 1 };
    !bytes.iter().fold(u32::MAX, |value, byte| (0..8).fold(value ^ u32::from(*byte), step))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_sums_are_those_of_the_standards() {
        assert_eq!(cyclic_redundancy(b"123456789"), 0xCBF4_3926);
        assert!(stored(b"Wikipedia").ends_with(&[0x11, 0xE6, 0x03, 0x98]));
    }

    #[test]
    fn a_portrait_has_the_length_it_says_and_each_person_another() {
        let photo = portrait(1, 119, 135);
        assert_eq!(photo.len(), 135 * 120 + 94);
        assert!(photo.len() <= 16_384 && photo.starts_with(b"\x89PNG"));
        assert_ne!(photo, portrait(2, 119, 135));
    }
}
