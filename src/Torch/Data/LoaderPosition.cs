using System.Numerics;
using Compat.Torch.Serialization;
using static TorchSharp.torch;

namespace Compat.Torch.Data;

/// <summary>Where a loader stands.</summary>
/// <param name="Batches">How many batches of the pass in progress were given.</param>
/// <param name="BaseSeed">The seed of the pass in progress; <see langword="null"/> between passes.</param>
/// <param name="Sampler">Where the sampler stood after the last of them.</param>
internal readonly record struct LoaderPosition(long Batches, long? BaseSeed, SamplerState Sampler)
{
    public PthDict ToPth(Sampler sampler) => new()
    {
        ["sampler"] = sampler.GetType().Name,
        ["samples"] = sampler.Count,
        ["batches"] = Batches,
        ["base_seed"] = OrNone(BaseSeed),
        ["position"] = Sampler.Position,
        ["epoch"] = Sampler.Epoch,
        ["seed"] = OrNone(Sampler.Seed),
        ["generator"] = Sampler.Generator.IsEmpty ? PthNone.Value : new PthTensor(tensor(Sampler.Generator.ToArray(), ScalarType.Byte)),
    };

    /// <exception cref="PthException">The state is not that of a loader with such a sampler.</exception>
    public static LoaderPosition FromPth(PthDict state, Sampler sampler)
    {
        string name = state.TryGetValue("sampler", out PthValue? type) && type is PthText text
            ? text.Value
            : throw new PthException("The value is no state of a BatchLoader: it lacks 'sampler'. Give what BatchLoader.SaveState returned.");
        long samples = Whole(state, "samples", int.MaxValue) ?? 0;
        if (name != sampler.GetType().Name || samples != sampler.Count)
        {
            throw new PthException(
                $"The state is of a {name} over {samples} samples, the loader has a {sampler.GetType().Name} over {sampler.Count}. Resume with the same "
                + "data and sampler, or begin the pass anew.");
        }

        PthTensor? generator = state.TryGetValue("generator", out PthValue? value) ? value as PthTensor : null;
        SamplerState position = new(
            (int)(Whole(state, "position", int.MaxValue) ?? 0),
            (int)(Whole(state, "epoch", int.MaxValue) ?? 0),
            Whole(state, "seed"),
            generator is { Value.dtype: ScalarType.Byte } ? generator.Value.data<byte>().ToArray() : default);
        return new LoaderPosition(Whole(state, "batches") ?? 0, Whole(state, "base_seed"), position);
    }

    private static PthValue OrNone(long? number) => number is { } value ? value : PthNone.Value;

    private static long? Whole(PthDict state, string name, long max = long.MaxValue) =>
        !state.TryGetValue(name, out PthValue? value) || value is not PthInteger { Value: BigInteger number } ? null
        : number <= max && number >= long.MinValue ? (long)number
        : throw new PthException($"The state of a BatchLoader has {number} under '{name}', which no loader writes. The file is damaged; take an older one.");
}
