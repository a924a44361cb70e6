using System.Globalization;

namespace Compat.Adapters.Equivalence;

/// <summary>Shows two different values; if they read the same, as NaNs do, with their bits.</summary>
internal static class BitText
{
    public static string Against(string one, string other, string bits, string otherBits) =>
        one == other ? $"{one} (0x{bits}) against {other} (0x{otherBits})" : $"{one} against {other}";

    public static string Hex(long bits, int bytes) => bits.ToString("x16", CultureInfo.InvariantCulture)[^(2 * bytes)..];
}
