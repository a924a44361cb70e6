namespace Compat.Gpu.Runner;

/// <summary>How many tests passed, failed and were skipped.</summary>
internal sealed class TestCount
{
    public int Passed { get; set; }

    public int Failed { get; set; }

    public int Skipped { get; set; }

    public override string ToString() => $"{Passed} passed, {Failed} failed, {Skipped} skipped";
}
