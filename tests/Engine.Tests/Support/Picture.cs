using Compat.Torch.Data;
using static TorchSharp.torch;

namespace Compat.Engine.Tests.Support;

/// <summary>An image with a label, as a user's own record.</summary>
internal sealed record Picture(Tensor Image, Tensor Label) : DataBatch
{
    public string Note { get; init; } = string.Empty;
}
