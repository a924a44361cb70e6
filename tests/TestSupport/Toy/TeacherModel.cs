using Compat.Legacy;
using Compat.Torch.Data;
using Compat.Torch.Training;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.TestSupport.Toy;

/// <summary>A student that learns from a frozen teacher. The teacher is in evaluation mode and left unregistered on purpose.</summary>
public sealed class TeacherModel : nn.Module, ITrainStep
{
    private readonly Linear teacher = nn.Linear(1, 1);
    private readonly Dropout teacherDropout = nn.Dropout(0.5);

    public TeacherModel()
        : base(nameof(TeacherModel))
    {
        Student = nn.Sequential(("linear", nn.Linear(1, 1)), ("norm", nn.BatchNorm1d(1)));
        register_module("student", Student);                          // and not RegisterComponents, which would find the teacher
        foreach (Parameter parameter in Student.parameters().Concat(teacher.parameters()))
        {
            nn.init.constant_(parameter, 0.5);
        }

        teacher.eval();
        teacherDropout.eval();
    }

    public Sequential Student { get; }

    public IReadOnlyList<nn.Module> Teacher => [teacher, teacherDropout];

    public StepOutputs TrainStep(DataBatch data, OptimizerSet? optimizer)
    {
        ToyBatch batch = (ToyBatch)data;
        Tensor goal = teacherDropout.forward(teacher.forward(batch.Img));
        Tensor loss = (Student.forward(batch.Img) - goal).pow(2).sum();
        return new() { Loss = loss, NumSamples = (int)batch.Img.shape[0], LogVars = new LogVars { ["loss"] = loss } };
    }
}
