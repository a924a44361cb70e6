using System.Globalization;

namespace Compat.Torch.Optim;

/// <summary>Which numbers a state may hold. An infinity or NaN is never one of them.</summary>
/// <param name="Min">The smallest one.</param>
/// <param name="Max">The largest one.</param>
/// <param name="IsOpen">Whether <paramref name="Max"/> itself is too large.</param>
/// <param name="IsWhole">Whether only whole numbers are meant.</param>
internal readonly record struct NumberRange(
    double Min, double Max = double.MaxValue, bool IsOpen = false, bool IsWhole = false)
{
    /// <summary>Gets all finite numbers.</summary>
    public static NumberRange Finite { get; } = new(-double.MaxValue);

    /// <summary>Tells whether a number is one of them.</summary>
    public bool Holds(double number) =>
        number >= Min && (IsOpen ? number < Max : number <= Max) && (!IsWhole || number == Math.Truncate(number));

    /// <summary>Gives the range in words, to follow "it must be".</summary>
    public override string ToString()
    {
        string kind = IsWhole ? "a whole number" : "a finite number";
        string limits = (Min, Max) switch
        {
            (-double.MaxValue, double.MaxValue) => string.Empty,
            (_, double.MaxValue) => $", at least {Text(Min)}",
            _ => $" from {Text(Min)} to {(IsOpen ? "below " : string.Empty)}{Text(Max)}",
        };
        return kind + limits;
    }

    private static string Text(double number) => number.ToString(CultureInfo.InvariantCulture);
}
