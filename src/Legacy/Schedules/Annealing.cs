namespace Compat.Legacy;

/// <summary>The way from one value to another, with the operations in MMCV's order: another one gives other last bits.</summary>
internal static class Annealing
{
    /// <summary>Goes along half a cosine.</summary>
    /// <param name="start">The value at part 0.</param>
    /// <param name="end">The value at part 1.</param>
    /// <param name="part">How much of the way is done.</param>
    public static double Cos(double start, double end, double part) => end + (0.5 * (start - end) * (Math.Cos(Math.PI * part) + 1));

    /// <summary>Goes straight, and on beyond part 1.</summary>
    /// <param name="start">The value at part 0.</param>
    /// <param name="end">The value at part 1.</param>
    /// <param name="part">How much of the way is done.</param>
    public static double Linear(double start, double end, double part) => start + ((end - start) * part);
}
