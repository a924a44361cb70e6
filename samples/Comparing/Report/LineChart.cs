using System.Globalization;
using System.Text;

namespace Comparing.Report;

/// <summary>Curves over iterations as an SVG picture that needs nothing else.</summary>
internal sealed record LineChart(string Title, IReadOnlyList<LineChart.Curve> Curves, bool Logarithmic)
{
    private const double Width = 860;
    private const double Height = 300;
    private const double Left = 64;
    private const double Right = 16;
    private const double Top = 16;
    private const double Bottom = 40;

    /// <summary>Draws the picture. Curves lie on top of one another when they agree; widths and dashes keep all of them visible.</summary>
    public string ToSvg()
    {
        double[] all = [.. Curves.SelectMany(curve => curve.Values).Where(double.IsFinite).Where(value => !Logarithmic || value > 0).Select(Scale)];
        (double low, double high) = all.Length == 0 ? (0, 1) : Widened(all.Min(), all.Max());
        int count = Curves.Max(curve => curve.Values.Count);
        double X(int index) => Left + ((Width - Left - Right) * index / Math.Max(count - 1, 1));
        double Y(double scaled) => Top + ((Height - Top - Bottom) * (high - scaled) / (high - low));

        StringBuilder svg = new();
        svg.Append(Invariant($"<svg viewBox=\"0 0 {Width} {Height}\" role=\"img\" aria-label=\"{Title}\">"));
        foreach (double tick in Ticks(low, high))
        {
            svg.Append(Invariant($"<line class=\"grid\" x1=\"{Left}\" x2=\"{Width - Right}\" y1=\"{Y(tick):F1}\" y2=\"{Y(tick):F1}\"/>"));
            svg.Append(Invariant($"<text x=\"{Left - 8}\" y=\"{Y(tick) + 4:F1}\" text-anchor=\"end\">{Label(tick)}</text>"));
        }

        foreach (int step in Enumerable.Range(0, 5).Select(i => i * (count - 1) / 4).Distinct())
        {
            svg.Append(Invariant($"<text x=\"{X(step):F1}\" y=\"{Height - Bottom + 18}\" text-anchor=\"middle\">{step + 1}</text>"));
        }

        svg.Append(Invariant($"<text x=\"{(Left + Width - Right) / 2:F1}\" y=\"{Height - 4}\" text-anchor=\"middle\">iteration</text>"));
        foreach (Curve curve in Curves)
        {
            string points = string.Join(' ', curve.Values.Select((value, i) => (value, i)).Where(point => IsDrawable(point.value)).Select(point => Invariant($"{X(point.i):F1},{Y(Scale(point.value)):F1}")));
            svg.Append($"<polyline class=\"{curve.Style}\" points=\"{points}\"><title>{curve.Name}</title></polyline>");
        }

        return svg.Append("</svg>").ToString();
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private static (double Low, double High) Widened(double low, double high)
    {
        double margin = high > low ? (high - low) * 0.05 : Math.Max(Math.Abs(high) * 0.1, 0.1);
        return (low - margin, high + margin);
    }

    private bool IsDrawable(double value) => double.IsFinite(value) && (!Logarithmic || value > 0);

    private double Scale(double value) => Logarithmic ? Math.Log10(value) : value;

    // Powers of ten on a logarithmic axis, round numbers on a linear one.
    private IEnumerable<double> Ticks(double low, double high)
    {
        double step = Logarithmic ? Math.Max(Math.Ceiling((high - low) / 6), 1) : RoundStep((high - low) / 5);
        for (double tick = Math.Ceiling(low / step) * step; tick <= high; tick += step)
        {
            yield return tick;
        }
    }

    private static double RoundStep(double step)
    {
        double power = Math.Pow(10, Math.Floor(Math.Log10(step)));
        return step / power <= 2 ? 2 * power : step / power <= 5 ? 5 * power : 10 * power;
    }

    private string Label(double tick) => (Logarithmic ? Math.Pow(10, tick) : Math.Abs(tick) < 1e-12 ? 0 : tick).ToString("G3", CultureInfo.InvariantCulture);

    /// <summary>One curve.</summary>
    /// <param name="Name">What it shows.</param>
    /// <param name="Style">The class of its line in the style sheet.</param>
    /// <param name="Values">A value for each iteration.</param>
    internal sealed record Curve(string Name, string Style, IReadOnlyList<double> Values);
}
