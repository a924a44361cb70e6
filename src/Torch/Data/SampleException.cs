namespace Compat.Torch.Data;

/// <summary>A dataset could not give a sample, or samples could not be put into a batch. The cause is the inner exception.</summary>
public sealed class SampleException : Exception
{
    private const int MaxShown = 8;

    /// <summary>Makes the exception without details.</summary>
    public SampleException()
    {
    }

    /// <summary>Makes the exception.</summary>
    /// <param name="message">What is wrong.</param>
    public SampleException(string message)
        : base(message)
    {
    }

    /// <summary>Makes the exception.</summary>
    /// <param name="message">What is wrong.</param>
    /// <param name="innerException">The cause.</param>
    public SampleException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }

    private SampleException(string message, IReadOnlyList<int> indices, Exception cause)
        : base(message, cause) => Indices = indices;

    /// <summary>Gets the positions in the dataset: of the sample that it could not give, or of all samples that could not be put into a batch.</summary>
    /// <value>Empty if they are not known.</value>
    public IReadOnlyList<int> Indices { get; } = [];

    internal static SampleException OfDataset(Dataset dataset, int index, Exception cause) =>
        new($"{dataset.GetType().Name} could not give sample {index}: {cause.Message}", [index], cause);

    internal static SampleException OfCollate(Dataset dataset, IReadOnlyList<int> indices, Exception cause)
    {
        string shown = string.Join(", ", indices.Take(MaxShown)) + (indices.Count > MaxShown ? ", …" : string.Empty);
        return new($"The samples {shown} of {dataset.GetType().Name} could not be put into a batch: {cause.Message}", indices, cause);
    }
}
