"""A grid search over a pipeline with a scaler: scikit-learn's code, and one import changed.

With scikit-learn the same two names come from ``sklearn.model_selection`` and
``sklearn.neural_network``.
"""

from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from bpfast.sklearn import GridSearchCV, MLPClassifier

X, y = load_breast_cancer(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)

pipeline = Pipeline(
    [
        ("scaler", StandardScaler()),
        ("mlp", MLPClassifier((20,), max_iter=100, random_state=0)),
    ]
)
grid = {"mlp__alpha": [1.0, 0.1, 0.01], "mlp__learning_rate_init": [0.001, 0.01]}
search = GridSearchCV(pipeline, grid, cv=5).fit(X_train, y_train)

print("best parameters:", search.best_params_)
print(f"accuracy in cross-validation: {search.best_score_:.3f}")
print(f"accuracy on the test samples: {search.score(X_test, y_test):.3f}")
