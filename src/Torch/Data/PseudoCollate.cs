namespace Compat.Torch.Data;

/// <summary>Puts samples side by side without stacking them.</summary>
/// <remarks>Source: MMEngine <c>pseudo_collate</c>, which gives a list for each field; here it is one list of samples with fields.</remarks>
/// <example><code>new BatchLoaderOptions { BatchSize = 2, Collate = PseudoCollate.List&lt;ImageSample&gt; }</code></example>
public static class PseudoCollate
{
    /// <summary>Makes one batch of several samples.</summary>
    /// <typeparam name="TSample">The type of a sample.</typeparam>
    /// <param name="samples">The samples, at least one. The batch takes them over.</param>
    /// <returns>A <see cref="SampleList{TSample}"/>.</returns>
    /// <exception cref="ArgumentException">A sample is of another type.</exception>
    public static DataBatch List<TSample>(IReadOnlyList<DataBatch> samples)
        where TSample : DataBatch
    {
        ArgumentNullException.ThrowIfNull(samples);
        return new SampleList<TSample>([.. samples.Select(sample => sample as TSample
            ?? throw new ArgumentException($"A sample is a {sample.GetType().Name}, not a {typeof(TSample).Name}. Name the type that the dataset returns."))]);
    }
}
