using System.Globalization;
using System.Text;

namespace Gan;

/// <summary>Pages of an album as an SVG picture: an epoch in each row.</summary>
internal static class AlbumPicture
{
    private const int Side = 8;
    private const int Gap = 2;
    private const int Left = 26;
    private const int Greys = 16;

    /// <summary>Draws the picture. Pixels of one grey are one path, which keeps the file small.</summary>
    public static string ToSvg(IReadOnlyList<AlbumPage> pages)
    {
        int width = Left + (pages.Max(page => page.Digits.Count) * (Side + Gap));
        StringBuilder[] paths = [.. Enumerable.Range(0, Greys + 1).Select(_ => new StringBuilder())];
        StringBuilder svg = new();
        svg.Append(Invariant($"<svg viewBox=\"0 0 {width} {pages.Count * (Side + Gap)}\" role=\"img\" aria-label=\"Digits made by the generator\" shape-rendering=\"crispEdges\">"));
        for (int row = 0; row < pages.Count; row++)
        {
            int top = row * (Side + Gap);
            svg.Append(Invariant($"<text x=\"0\" y=\"{top + 6}\" style=\"font-size:4px\">epoch {pages[row].Epoch}</text>"));
            for (int digit = 0; digit < pages[row].Digits.Count; digit++)
            {
                Draw(paths, pages[row].Digits[digit], Left + (digit * (Side + Gap)), top);
            }
        }

        for (int grey = 0; grey <= Greys; grey++)
        {
            int light = 255 * grey / Greys;
            svg.Append(Invariant($"<path fill=\"rgb({light},{light},{light})\" d=\"{paths[grey]}\"/>"));
        }

        return svg.Append("</svg>").ToString();
    }

    private static void Draw(StringBuilder[] paths, float[] pixels, int left, int top)
    {
        for (int i = 0; i < pixels.Length; i++)
        {
            int grey = (int)Math.Round(Math.Clamp(pixels[i], 0, 1) * Greys);
            paths[grey].Append(Invariant($"M{left + (i % Side)} {top + (i / Side)}h1v1h-1z"));
        }
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
