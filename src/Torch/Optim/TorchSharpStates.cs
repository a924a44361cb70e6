using Compat.Torch.Serialization;
using TorchSharp.Modules;

namespace Compat.Torch.Optim;

/// <summary>The state of one of TorchSharp's optimizers.</summary>
/// <remarks>
/// TorchSharp makes a parameter's state with the optimizer, PyTorch with the first update. Saved is what there is: it is the same as if it were made
/// later.
/// </remarks>
[HoldsTensors("owner: the model owns the parameters, the optimizer their states; lives for one call")]
internal sealed class TorchSharpStates : IOptimizerStates
{
    private readonly IOptimizerLayout layout;
    private readonly Dictionary<Parameter, (OptimizerState State, OptimizerOptions Options)> states = new(ReferenceEqualityComparer.Instance);

    public TorchSharpStates(OptimizerHelper optimizer, IOptimizerLayout layout)
    {
        this.layout = layout;
        Groups = OptimizerGroup.Of(optimizer);
        Members = [.. Groups.Select(group => group.Parameters.ToArray())];
        OptimizerHelper.StateDictionary own = optimizer.state_dict();
        int number = 0;
        foreach ((Parameter[] parameters, OptimizerOptions settings) in Members.Zip(own.Options))
        {
            Array.ForEach(parameters, parameter => states.Add(parameter, (own.State[number++], settings)));
        }
    }

    public IReadOnlyList<Parameter[]> Members { get; }

    public IReadOnlyList<OptimizerGroup> Groups { get; }

    public IReadOnlyList<string> Names => layout.Names;

    public string Kernels => "TorchSharp";

    public PthDict EntriesOf(Parameter parameter) => layout.Save(states[parameter].State);

    public void SetEntries(Parameter parameter, PthDict entries)
    {
        (OptimizerState state, OptimizerOptions settings) = states[parameter];
        state.Initialize(settings);
        layout.Load(state, parameter, entries);
    }
}
