//! Where the dashboard's widgets are: from left to right, and from top to bottom.

/// As many as CloudWatch gives a dashboard.
const COLUMNS: u32 = 24;

/// The place of the next widget.
#[derive(Debug, Default)]
pub(super) struct Layout {
    x: u32,
    y: u32,
    /// Of the highest widget of this row.
    height: u32,
}

impl Layout {
    /// Where a widget of this size (`8 x 6`) is, as its JSON says it.
    pub(super) fn next(&mut self, size: &str) -> Option<String> {
        let (width, height) = size.split_once(" x ")?;
        let (width, height) = (width.parse::<u32>().ok()?, height.parse::<u32>().ok()?);
        if self.x + width > COLUMNS {
            (self.x, self.y, self.height) = (0, self.y + self.height, 0);
        }
        let place = format!("\"x\": {}, \"y\": {}, \"width\": {width}, \"height\": {height}", self.x, self.y);
        self.x += width;
        self.height = self.height.max(height);
        Some(place)
    }
}
