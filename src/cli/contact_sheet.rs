//! Many labels on one picture, to look a whole wave over at a glance.
//!
//! Label pictures go in, in order; one grey picture comes out, row by row. Each label is shrunk by averaging the
//! dots under a pixel, which keeps names readable where picking single dots would break the strokes. Opens no file.

use image::imageops::{overlay, thumbnail};
use image::{GrayImage, Luma};

/// Wide enough that a recipient's name on a 100 mm label can still be read.
const LABEL_WIDTH: u32 = 320;
const GAP: u32 = 12;
const TABLE: Luma<u8> = Luma([0xd8]);

/// All labels beside and below each other, about twice as many across as down.
pub fn lay_out(labels: &[GrayImage]) -> GrayImage {
    let labels: Vec<GrayImage> = labels.iter().filter(|label| label.width() > 0).map(shrink).collect();
    let columns = ((labels.len() * 2) as f64).sqrt().ceil() as usize;
    let columns = columns.clamp(1, labels.len().max(1));
    let cell = labels.iter().map(|label| label.width()).max().unwrap_or(0) + GAP;
    let rows: Vec<&[GrayImage]> = labels.chunks(columns).collect();
    let heights: Vec<u32> = rows.iter().map(|row| row.iter().map(|label| label.height()).max().unwrap_or(0) + GAP).collect();
    let mut sheet = GrayImage::from_pixel(GAP + cell * columns as u32, GAP + heights.iter().sum::<u32>(), TABLE);
    let mut y = GAP;
    for (row, height) in rows.iter().zip(&heights) {
        for (column, label) in row.iter().enumerate() {
            overlay(&mut sheet, label, i64::from(GAP + cell * column as u32), i64::from(y));
        }
        y += height;
    }
    sheet
}

fn shrink(label: &GrayImage) -> GrayImage {
    let width = label.width().min(LABEL_WIDTH);
    let height = (u64::from(label.height()) * u64::from(width) / u64::from(label.width())).max(1);
    thumbnail(label, width, height as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fifty_labels_stand_ten_across_and_five_down() {
        let sheet = lay_out(&vec![GrayImage::from_pixel(80, 120, Luma([255])); 50]);
        assert_eq!(sheet.dimensions(), (12 + 10 * 92, 12 + 5 * 132));
        assert_eq!(sheet.get_pixel(0, 0), &TABLE);
        assert_eq!(sheet.get_pixel(12, 12), &Luma([255]));
        assert_eq!(sheet.get_pixel(12 + 79, 12 + 119), &Luma([255]));
        assert_eq!(sheet.get_pixel(12 + 80, 12), &TABLE);
    }

    #[test]
    fn a_thin_stroke_stays_visible_when_it_is_shrunk() {
        let mut label = GrayImage::from_pixel(800, 1200, Luma([255]));
        (0..1200).for_each(|y| (400..402).for_each(|x| label.put_pixel(x, y, Luma([0]))));
        let sheet = lay_out(&[label]);
        let darkest = (12..332).map(|x| sheet.get_pixel(x, 200).0[0]).min();
        assert!(darkest < Some(160), "{darkest:?}");
    }

    #[test]
    fn labels_of_many_sizes_keep_their_order_and_none_is_cut() {
        let sheet = lay_out(&[GrayImage::new(100, 50), GrayImage::new(800, 400), GrayImage::new(10, 900)]);
        assert_eq!(sheet.dimensions(), (12 + 3 * 332, 12 + 912));
        assert_eq!(sheet.get_pixel(12 + 2 * 332 + 9, 12 + 899), &Luma([0]));
        assert_eq!(lay_out(&[]).dimensions(), (24, 12));
        lay_out(&[GrayImage::new(0, 0), GrayImage::new(4000, 1)]);
    }
}
