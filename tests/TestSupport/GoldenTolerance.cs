namespace Compat.TestSupport;

/// <summary>How far numbers may be from those of the originals: the rules of golden/README.md, in one place.</summary>
public static class GoldenTolerance
{
    /// <summary>Learning rates, momenta, averages: Python doubles; cos and pow may differ in the last bit.</summary>
    public static bool IsSameDouble(double expected, double actual) => IsClose(expected, actual, relative: 1e-12, absolute: 1e-15);

    /// <summary>Losses, gradients, parameters: float32 of torch 1.13's kernels; other builds may differ in the last bits.</summary>
    public static bool IsSameFloat(double expected, double actual) => IsClose(expected, actual, relative: 1e-5, absolute: 1e-6);

    private static bool IsClose(double expected, double actual, double relative, double absolute) =>
        expected.Equals(actual) || Math.Abs(expected - actual) <= absolute + (relative * Math.Abs(expected));
}
