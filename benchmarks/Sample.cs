namespace Compat.Benchmarks;

/// <summary>The times of one way with one model, in microseconds per iteration, one for each round.</summary>
internal sealed record Sample(string Model, string Way, IReadOnlyList<double> Microseconds)
{
    public double Median => Quantile(0.5);

    /// <summary>Finds a quantile, between neighbours by straight line.</summary>
    public double Quantile(double share)
    {
        double[] sorted = [.. Microseconds.Order()];
        double place = share * (sorted.Length - 1);
        int low = (int)place;
        int high = Math.Min(low + 1, sorted.Length - 1);
        return sorted[low] + ((sorted[high] - sorted[low]) * (place - low));
    }
}
