namespace Compat.Torch.Data;

/// <summary>Makes one batch of several samples.</summary>
/// <param name="samples">The samples, at least one. Borrowed.</param>
/// <returns>The batch; fresh.</returns>
public delegate DataBatch Collate(IReadOnlyList<DataBatch> samples);
