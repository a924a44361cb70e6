using Compat.Torch.Native;
using Compat.Torch.Serialization;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Torch.Optim;

/// <summary>What a fused optimizer remembers of a parameter, for TorchSharp's own <c>state_dict</c>, <c>save_state_dict</c> and <c>to</c>.</summary>
internal sealed class FusedOptimizerState(Parameter parameter, ParameterState state, IReadOnlyList<string> names) : OptimizerState(parameter)
{
    /// <inheritdoc/>
    public override void SaveStateDict(BinaryWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        writer.Write(state.Names.Count);
        foreach (string name in state.Names)
        {
            writer.Write(name);
            state[name].Save(writer);
        }
    }

    /// <inheritdoc/>
    public override void LoadStateDict(BinaryReader reader)
    {
        ArgumentNullException.ThrowIfNull(reader);
        using DisposeScope scope = NewDisposeScope();
        PthDict entries = [];
        for (int left = reader.ReadInt32(); left > 0; left--)
        {
            string name = reader.ReadString();
            if (!names.Contains(name))
            {
                throw new InvalidDataException(
                    $"The stream has a state '{name}'; this optimizer keeps {string.Join(", ", names)}. Load what an optimizer of the same kind saved.");
            }

            entries[name] = new PthTensor(Tensor.Load(reader));
        }

        TakeOver(entries);
    }

    /// <inheritdoc/>
    public override void LoadStateDict(OptimizerState source)
    {
        FusedOptimizerState other = source as FusedOptimizerState
            ?? throw new ArgumentException(
                $"The state is a {source?.GetType().FullName}, not one of a fused optimizer. Load the state of an optimizer of the same kind.", nameof(source));
        using DisposeScope scope = NewDisposeScope();
        TakeOver(other.Own.ToPth());
    }

    /// <inheritdoc/>
    public override bool ApproximatelyEquals(OptimizerState other) =>
        other is FusedOptimizerState { Own: var theirs }
        && state.Names.SequenceEqual(theirs.Names)
        && state.Names.All(name => HostRead.Number<bool>(state[name].isclose(theirs[name]).all()));

    /// <inheritdoc/>
    public override void Initialize(OptimizerOptions options) => state.Dispose();

    /// <inheritdoc/>
    public override void to(Device device) => state.To(device);

    private ParameterState Own => state;

    // All is read and checked before anything is forgotten.
    private void TakeOver(PthDict entries)
    {
        try
        {
            OptimizerStateCheck.Entries(names, _parameter, "the parameter", entries);
        }
        catch (PthException exception)
        {
            throw new InvalidDataException(exception.Message, exception);
        }

        state.Load(_parameter, entries);
    }
}
