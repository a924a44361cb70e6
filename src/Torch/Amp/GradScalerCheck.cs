using System.Globalization;

namespace Compat.Torch.Amp;

/// <summary>What PyTorch's scaler refuses, and what it takes although no training wants it.</summary>
internal static class GradScalerCheck
{
    /// <summary>Refuses what PyTorch refuses when a scaler is made; it does not look at a state that is loaded.</summary>
    public static void Refuse(GradScalerOptions options)
    {
        if (options.Enabled && !(options.GrowthFactor > 1))
        {
            throw new ArgumentOutOfRangeException(nameof(options), Text($"GrowthFactor is {options.GrowthFactor}; it must be above 1. The usual one is 2."));
        }

        if (options.Enabled && !(options.BackoffFactor < 1))
        {
            throw new ArgumentOutOfRangeException(nameof(options), Text($"BackoffFactor is {options.BackoffFactor}; it must be below 1. The usual one is 0.5."));
        }
    }

    /// <summary>Refuses a scale that is finite but would not be so as a float32, which a scale becomes with the first loss.</summary>
    public static double RequireFloat(double scale) => double.IsInfinity(scale) || !(Math.Abs(scale) > float.MaxValue)
        ? scale
        : throw new InvalidOperationException(Text($"The scale is {scale}; float32 holds numbers up to 3.4e38. Use a smaller one: the usual one at the start is 65536."));

    /// <summary>Finds what no training wants.</summary>
    public static IEnumerable<string> Doubts(GradScalerOptions options, int tracker)
    {
        (double scale, double growth, double backoff, int interval) = (options.InitScale, options.GrowthFactor, options.BackoffFactor, options.GrowthInterval);
        (bool IsOdd, FormattableString Doubt)[] all =
        [
            (!(scale > 0 && scale <= float.MaxValue), $"The loss scale is {scale}; it should be above 0 and finite. Use 65536, the usual one."),
            (!(growth > 1 && double.IsFinite(growth)), $"The growth factor of the loss scale is {growth}; it should be above 1 and finite. The scale does not grow: use 2."),
            (!(backoff is > 0 and < 1), $"The backoff factor of the loss scale is {backoff}; it should be above 0 and below 1. The scale is lost at an overflow: use 0.5."),
            (interval < 1, $"The growth interval of the loss scale is {interval}; it should be at least 1. The scale never grows: use 2000, or a fixed scale if that is meant."),
            (interval >= 1 && (tracker < 0 || tracker >= interval), $"The growth tracker of the loss scale is {tracker}; it should be from 0 to {interval - 1}, below the growth interval. The scale does not grow until an overflow has set it back."),
        ];
        return all.Where(entry => entry.IsOdd).Select(entry => Text(entry.Doubt));
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
