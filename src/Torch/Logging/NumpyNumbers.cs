namespace Compat.Torch.Logging;

/// <summary>Numbers as numpy computes them, to the last bit: the originals' log values are numpy arrays.</summary>
public static class NumpyNumbers
{
    private const int Block = 128;
    private const int Lanes = 8;

    /// <summary>Adds numbers, as <c>np.sum</c> of an array of float64.</summary>
    /// <param name="values">The numbers.</param>
    /// <returns>
    /// The sum, 0 of none. Up to 7 numbers are added in order, up to 128 in eight lanes, and more by halves; so the last bits differ from those of a
    /// plain loop.
    /// </returns>
    public static double Sum(ReadOnlySpan<double> values) => 0 + PairwiseSum(values);

    /// <summary>Finds the largest number, as <c>np.max</c>.</summary>
    /// <param name="values">The numbers, at least one.</param>
    /// <returns>The largest; NaN if one of them is NaN.</returns>
    public static double Max(ReadOnlySpan<double> values)
    {
        double max = values[0];
        foreach (double value in values)
        {
            max = double.IsNaN(max) || value < max ? max : value;
        }

        return max;
    }

    /// <summary>Finds the smallest number, as <c>np.min</c>.</summary>
    /// <param name="values">The numbers, at least one.</param>
    /// <returns>The smallest; NaN if one of them is NaN.</returns>
    public static double Min(ReadOnlySpan<double> values)
    {
        double min = values[0];
        foreach (double value in values)
        {
            min = double.IsNaN(min) || value > min ? min : value;
        }

        return min;
    }

    /// <summary>Rounds as <c>round</c> does a float64 of numpy: <c>rint(value · 10^digits) / 10^digits</c>.</summary>
    /// <param name="value">The number.</param>
    /// <param name="digits">The decimals, 0 to 15.</param>
    /// <returns>The rounded number; a float of Python may round to another one (<see cref="PythonText.Round"/>), for example 0.065625 to five decimals.</returns>
    public static double Round(double value, int digits)
    {
        double scale = Math.Pow(10, digits);
        return Math.Round(value * scale, MidpointRounding.ToEven) / scale;
    }

    private static double PairwiseSum(ReadOnlySpan<double> values)
    {
        if (values.Length < Lanes)
        {
            double sum = 0;
            foreach (double value in values)
            {
                sum += value;
            }

            return sum;
        }

        if (values.Length <= Block)
        {
            return SumInLanes(values);
        }

        int half = values.Length / 2;
        half -= half % Lanes;
        return PairwiseSum(values[..half]) + PairwiseSum(values[half..]);
    }

    private static double SumInLanes(ReadOnlySpan<double> values)
    {
        Span<double> lanes = stackalloc double[Lanes];
        values[..Lanes].CopyTo(lanes);
        int whole = values.Length - (values.Length % Lanes);
        for (int i = Lanes; i < whole; i++)
        {
            lanes[i % Lanes] += values[i];
        }

        double sum = lanes[0] + lanes[1] + (lanes[2] + lanes[3]) + (lanes[4] + lanes[5] + (lanes[6] + lanes[7]));
        foreach (double value in values[whole..])
        {
            sum += value;
        }

        return sum;
    }
}
