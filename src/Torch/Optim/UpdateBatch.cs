using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Torch.Optim;

/// <summary>The parameters of one group that have a gradient now, with all that is needed to update them. Lives for one step.</summary>
[HoldsTensors("owner: the step's dispose scope; parameters belong to the model, states to the optimizer")]
internal sealed record UpdateBatch(Parameter[] Parameters, Tensor[] Gradients, ParameterState[] States, Tensor? GradScale, Tensor? FoundInf)
{
    public static readonly Tensor[] None = [];

    /// <summary>Gets or makes one tensor of every parameter's state.</summary>
    public Tensor[] OfZeros(string name)
    {
        Tensor[] tensors = new Tensor[Parameters.Length];
        for (int i = 0; i < tensors.Length; i++)
        {
            tensors[i] = States[i].OfZeros(name, Parameters[i]);
        }

        return tensors;
    }

    /// <summary>Gets every parameter's count of updates, on the parameter's device or on the CPU.</summary>
    public Tensor[] Steps(bool onDevice)
    {
        Tensor[] steps = new Tensor[Parameters.Length];
        for (int i = 0; i < steps.Length; i++)
        {
            steps[i] = States[i].Step(onDevice ? Parameters[i].device : CPU);
        }

        return steps;
    }

    /// <summary>Splits off the parameters for which something holds.</summary>
    public (UpdateBatch With, UpdateBatch Without) Split(Predicate<ParameterState> holds)
    {
        bool[] marks = Array.ConvertAll(States, state => holds(state));
        return (Where(marks, true), Where(marks, false));
    }

    private UpdateBatch Where(bool[] marks, bool mark) => new(
        [.. Parameters.Where((_, i) => marks[i] == mark)],
        [.. Gradients.Where((_, i) => marks[i] == mark)],
        [.. States.Where((_, i) => marks[i] == mark)],
        GradScale,
        FoundInf);
}
