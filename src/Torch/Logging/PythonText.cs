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

    /// <summary>Formats with as many digits as tell the number from every other, as Python's <c>repr(value)</c>.</summary>
    /// <param name="value">The number.</param>
    /// <returns>For example <c>0.1</c>, <c>1.0</c> or <c>1e-05</c>.</returns>
    public static string Repr(double value)
    {
        if (!double.IsFinite(value))
        {
            return NonFinite(value);
        }

        (string sign, string digits, int exponent) = Shortest(value);
        if (exponent is < -4 or >= 16)
        {
            string fraction = digits.Length > 1 ? $".{digits[1..]}" : string.Empty;
            return string.Create(CultureInfo.InvariantCulture, $"{sign}{digits[0]}{fraction}e{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent):00}");
        }

        string padded = (exponent < 0 ? new string('0', -exponent) + digits : digits).PadRight(Math.Max(exponent, 0) + 2, '0');
        int point = Math.Max(exponent, 0) + 1;
        return $"{sign}{padded[..point]}.{padded[point..]}";
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

    // The digits of the number and the power of ten of the first one; .NET and Python agree on the digits, not on when to write an exponent.
    private static (string Sign, string Digits, int Exponent) Shortest(double value)
    {
        string[] parts = Math.Abs(value).ToString("R", CultureInfo.InvariantCulture).Split('E');
        string[] numbers = parts[0].Split('.');
        string all = numbers[0] + (numbers.Length > 1 ? numbers[1] : string.Empty);
        string digits = all.TrimStart('0');
        int exponent = (parts.Length > 1 ? int.Parse(parts[1], CultureInfo.InvariantCulture) : 0) + numbers[0].Length - 1 - (all.Length - digits.Length);
        string sign = double.IsNegative(value) ? "-" : string.Empty;
        return digits.Length == 0 ? (sign, "0", 0) : (sign, digits.TrimEnd('0'), exponent);
    }

    private static string NonFinite(double value) => double.IsNaN(value) ? "nan" : value > 0 ? "inf" : "-inf";
}
