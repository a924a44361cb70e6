using Compat.Torch.Serialization;

namespace Compat.Torch.Optim;

/// <summary>The settings of one group by PyTorch's names, without the learning rate.</summary>
/// <param name="Save">Gives all of them.</param>
/// <param name="Load">Takes them over; what is missing stays.</param>
internal sealed record GroupSettings(Func<PthDict> Save, Action<PthDict> Load)
{
    /// <summary>Gets those of a group that has nothing but a learning rate, as far as anybody knows.</summary>
    public static GroupSettings None { get; } = new(() => [], static _ => { });
}
