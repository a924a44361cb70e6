namespace Compat.Torch.Amp;

/// <summary>Settings of <see cref="GradScaler"/>. Values that make no sense are taken where PyTorch takes them, and said in the log.</summary>
public sealed record GradScalerOptions
{
    /// <summary>Gets the first scale.</summary>
    /// <value>Above 0, if it is to make sense. The default is 65536.</value>
    public double InitScale { get; init; } = 65536;

    /// <summary>Gets by what the scale is multiplied after <see cref="GrowthInterval"/> updates without infinities.</summary>
    /// <value>Above 1, else the scaler refuses it. The default is 2.</value>
    public double GrowthFactor { get; init; } = 2;

    /// <summary>Gets by what the scale is multiplied after an update with infinities.</summary>
    /// <value>Below 1, else the scaler refuses it; and above 0, if it is to make sense. The default is 0.5.</value>
    public double BackoffFactor { get; init; } = 0.5;

    /// <summary>Gets after how many updates without infinities the scale grows.</summary>
    /// <value>At least 1, else the scale never grows. The default is 2000.</value>
    public int GrowthInterval { get; init; } = 2000;

    /// <summary>Gets whether losses are scaled at all.</summary>
    /// <value>The default is <see langword="true"/>; otherwise the scaler only passes everything on.</value>
    public bool Enabled { get; init; } = true;
}
