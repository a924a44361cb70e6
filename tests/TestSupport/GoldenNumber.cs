using System.Text.Json;

namespace Compat.TestSupport;

/// <summary>Numbers as the golden files write them: JSON has no word for those that are not finite.</summary>
public static class GoldenNumber
{
    /// <summary>Reads a number, finite or not.</summary>
    public static double Number(this JsonElement value) => value.TryNumber(out double number)
        ? number
        : throw new FormatException($"{value.GetRawText()} is no number.");

    /// <summary>Tells whether a value is a number, finite or not.</summary>
    public static bool IsNumber(this JsonElement value) => value.TryNumber(out _);

    private static bool TryNumber(this JsonElement value, out double number)
    {
        string? text = value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        number = text switch
        {
            "Infinity" or "inf" => double.PositiveInfinity,
            "-Infinity" or "-inf" => double.NegativeInfinity,
            _ => double.NaN,
        };
        return text is "NaN" or "nan" || double.IsInfinity(number) || (value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out number));
    }
}
