using System.Globalization;

namespace Compat.Torch.Logging;

/// <summary>Numbers as the originals print them, whatever the culture.</summary>
public static class PythonText
{
    /// <summary>Formats with a fixed number of decimals, as Python's <c>f'{value:.4f}'</c>.</summary>
    /// <param name="value">The number.</param>
    /// <param name="digits">The decimals.</param>
    /// <returns>For example <c>0.9796</c>; <c>nan</c> and <c>inf</c> as Python writes them.</returns>
    public static string Fixed(double value, int digits) =>
        double.IsFinite(value) ? value.ToString("F" + digits, CultureInfo.InvariantCulture) : NonFinite(value);

    /// <summary>Formats in scientific notation, as Python's <c>f'{value:.3e}'</c>.</summary>
    /// <param name="value">The number.</param>
    /// <param name="digits">The decimals.</param>
    /// <returns>For example <c>1.000e-02</c>: the exponent has at least two digits, .NET would print three.</returns>
    public static string Scientific(double value, int digits)
    {
        if (!double.IsFinite(value))
        {
            return NonFinite(value);
        }

        string text = value.ToString("e" + digits, CultureInfo.InvariantCulture);
        int exponent = text.IndexOf('e', StringComparison.Ordinal) + 2;
        return text[exponent] == '0' ? text.Remove(exponent, 1) : text;
    }

    /// <summary>Rounds as Python's <c>round(value, digits)</c>: to the nearest decimal number, ties by the exact binary value.</summary>
    /// <param name="value">The number.</param>
    /// <param name="digits">The decimals.</param>
    /// <returns>The rounded number; NaN and infinities unchanged.</returns>
    public static double Round(double value, int digits) =>
        double.IsFinite(value) ? double.Parse(Fixed(value, digits), CultureInfo.InvariantCulture) : value;

    /// <summary>Formats whole seconds as Python's <c>str(timedelta)</c>.</summary>
    /// <param name="seconds">The duration; a fraction is cut off.</param>
    /// <returns>For example <c>0:00:07</c> or <c>1 day, 2:03:04</c>.</returns>
    public static string Duration(double seconds)
    {
        long whole = (long)seconds;
        (long days, long rest) = (Math.DivRem(whole, 86400).Quotient, whole % 86400);
        if (rest < 0)
        {
            // As Python: the days may be negative, the rest never is.
            days--;
            rest += 86400;
        }

        string clock = string.Create(CultureInfo.InvariantCulture, $"{rest / 3600}:{rest / 60 % 60:00}:{rest % 60:00}");
        return days == 0 ? clock : string.Create(CultureInfo.InvariantCulture, $"{days} day{(Math.Abs(days) == 1 ? string.Empty : "s")}, {clock}");
    }

    private static string NonFinite(double value) => double.IsNaN(value) ? "nan" : value > 0 ? "inf" : "-inf";
}
