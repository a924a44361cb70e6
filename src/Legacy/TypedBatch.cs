using Compat.Torch.Data;

namespace Compat.Legacy;

/// <summary>The one cast of a batch to the type that a model takes.</summary>
internal static class TypedBatch
{
    /// <summary>Casts a batch, or says which model, which type it takes, and which it was given.</summary>
    public static TBatch Of<TBatch>(DataBatch data, object model, string contract)
        where TBatch : DataBatch => data as TBatch
            ?? throw new ArgumentException(
                $"{model.GetType().Name} expects batches of type {typeof(TBatch).Name}, but the loader gave {data?.GetType().Name ?? "null"}. "
                + $"Let the dataset return {typeof(TBatch).Name}, or let the model implement {contract}<{data?.GetType().Name ?? "…"}>.",
                nameof(data));
}
